#pragma once

#include <cstdint>

#include "roofline/model_facts.h"

namespace tokamark::roofline {

/// Which ceiling a step meets first.
enum class Side { memory, compute };

/// The least time of a step, without any overhead.
struct StepBound {
  double seconds = 0;
  Side side = Side::memory;
};

/// Sequences that decode at once, and the tokens in the cache of each; both may be means.
struct DecodeBatch {
  double sequences = 1;
  double context_tokens = 0;
};

/// A prompt: tokens to compute, behind tokens that a cache holds already.
struct Prompt {
  std::int64_t new_tokens = 0;
  std::int64_t cached_tokens = 0;
};

/// Least time of a step in which every sequence of the batch gets a token: the larger of
/// bytes read / memory bandwidth and FLOPs / peak (the roofline of Williams, Waterman and
/// Patterson 2009). For a dense model the mean of a varying batch gives the mean of the bounds.
StepBound decode_bound(const ModelFacts& model, const Ceilings& ceilings, const DecodeBatch& batch);

/// Least time of the step that computes a whole prompt alone and samples its first token.
StepBound prefill_bound(const ModelFacts& model, const Ceilings& ceilings, const Prompt& prompt);

/// "memory" or "compute".
const char* to_word(Side side);

}  // namespace tokamark::roofline
