#pragma once

#include <cstdint>

#include "base/clock.h"
#include "sim/profile.h"

namespace tokamark::sim {

/// The work of one engine step, summed over the sequences in it.
struct StepWork {
  std::int64_t decode_sequences = 0;  ///< one token each
  std::int64_t prefill_tokens = 0;    ///< prompt tokens computed
  std::int64_t kv_tokens_read = 0;    ///< cached tokens that decodes and later chunks read
  std::int64_t attention_pairs = 0;   ///< query-key pairs
  std::int64_t sampled_tokens = 0;    ///< positions that go through the output head

  /// Whether a prompt chunk is the one that yields the first token.
  enum class Chunk { middle, last };

  /// Adds one decoding sequence whose cache holds `context` tokens.
  void add_decode(std::int64_t context);
  /// Adds `tokens` prompt tokens behind `context` tokens that are in the cache already; `last`
  /// chunks sample one token.
  void add_prefill(std::int64_t tokens, std::int64_t context, Chunk chunk);
};

/// The parts of a step's time; `total` = max(memory, compute) + overhead.
struct StepTime {
  base::Nanos memory{0};
  base::Nanos compute{0};
  base::Nanos total{0};
};

/// Expected number of distinct routed experts a layer that `tokens` tokens touch when each picks
/// `k` of `E` uniformly and independently of the others: E (1 - (1 - k/E)^tokens).
double experts_touched(const ModelFacts& model, std::int64_t tokens);

/// Bytes that the step reads: dense weights, the experts it touches, and the KV cache.
double bytes_read(const ModelFacts& model, const StepWork& work);

/// FLOPs of the step: two a parameter and token, two passes over the attention pairs.
double flops(const ModelFacts& model, const StepWork& work);

/// The roofline of the step (Williams, Waterman, Patterson 2009: the slower of memory and
/// compute), with the engine's efficiencies and its overhead a step.
StepTime step_time(const Profile& profile, const StepWork& work);

/// The overhead a step with which a single stream decodes `tokens_per_s` at `context` cached
/// tokens: 1/rate minus the roofline's time, to the nearest nanosecond. The profile's own overhead
/// is not used. Asserts that the rate is below the roofline.
base::Nanos calibrated_overhead(const Profile& profile, double tokens_per_s, std::int64_t context);

}  // namespace tokamark::sim
