#pragma once

#include <cstdint>

#include "roofline/model_facts.h"

namespace tokamark::roofline {

/// The work of one engine step, summed over the sequences in it. Counts are whole in a real step,
/// and means in a bound.
struct StepWork {
  double decode_sequences = 0;  ///< one token each
  double prefill_tokens = 0;    ///< prompt tokens computed
  double kv_tokens_read = 0;    ///< cached tokens that decodes and later chunks read
  double attention_pairs = 0;   ///< query-key pairs
  double sampled_tokens = 0;    ///< positions that go through the output head

  /// Whether a prompt chunk is the one that yields the first token.
  enum class Chunk { middle, last };

  /// Adds one decoding sequence whose cache holds `context` tokens.
  void add_decode(std::int64_t context);
  /// Adds `tokens` prompt tokens behind `context` tokens that are in the cache already; `last`
  /// chunks sample one token.
  void add_prefill(std::int64_t tokens, std::int64_t context, Chunk chunk);
};

/// Expected number of distinct routed experts a layer that `tokens` tokens touch when each picks
/// `k` of `E` uniformly and independently of the others: E (1 - (1 - k/E)^tokens).
double experts_touched(const ModelFacts& model, double tokens);

/// Bytes that the step reads: dense weights, the experts it touches, and the KV cache.
double bytes_read(const ModelFacts& model, const StepWork& work);

/// FLOPs of the step: two a parameter and token, two passes over the attention pairs.
double flops(const ModelFacts& model, const StepWork& work);

}  // namespace tokamark::roofline
