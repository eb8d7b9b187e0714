#include "sim/roofline.h"

#include <algorithm>
#include <cmath>

#include "base/assert.h"

namespace tokamark::sim {

void StepWork::add_decode(std::int64_t context) {
  decode_sequences += 1;
  kv_tokens_read += context;
  attention_pairs += context + 1;
  sampled_tokens += 1;
}

void StepWork::add_prefill(std::int64_t tokens, std::int64_t context, Chunk chunk) {
  prefill_tokens += tokens;
  kv_tokens_read += context;
  // Token j of the chunk attends to the earlier context and to tokens 1..j of its own chunk.
  attention_pairs += tokens * context + tokens * (tokens + 1) / 2;
  sampled_tokens += chunk == Chunk::last ? 1 : 0;
}

double experts_touched(const ModelFacts& model, std::int64_t tokens) {
  const double missed = 1.0 - model.experts_per_token / model.experts;
  return model.experts * (1.0 - std::pow(missed, static_cast<double>(tokens)));
}

double bytes_read(const ModelFacts& model, const StepWork& work) {
  const std::int64_t tokens = work.decode_sequences + work.prefill_tokens;
  return model.dense_bytes + experts_touched(model, tokens) * model.expert_bytes +
         static_cast<double>(work.kv_tokens_read) * model.kv_bytes_per_token;
}

double flops(const ModelFacts& model, const StepWork& work) {
  const auto tokens = static_cast<double>(work.decode_sequences + work.prefill_tokens);
  return 2.0 * model.layer_parameters_per_token * tokens +
         2.0 * model.head_parameters * static_cast<double>(work.sampled_tokens) +
         model.attention_flops_per_pair * static_cast<double>(work.attention_pairs);
}

StepTime step_time(const Profile& profile, const StepWork& work) {
  const EngineFacts& engine = profile.engine;
  TOKAMARK_ASSERT(engine.memory_efficiency > 0 && engine.compute_efficiency > 0);
  StepTime time;
  time.memory = base::from_seconds(bytes_read(profile.model, work) /
                                   (profile.gpu.memory_bytes_per_s * engine.memory_efficiency));
  time.compute = base::from_seconds(flops(profile.model, work) /
                                    (profile.gpu.flops_per_s * engine.compute_efficiency));
  time.total = std::max(time.memory, time.compute) + engine.step_overhead;
  return time;
}

base::Nanos calibrated_overhead(const Profile& profile, double tokens_per_s, std::int64_t context) {
  Profile bare = profile;
  bare.engine.step_overhead = base::Nanos{0};
  StepWork work;
  work.add_decode(context);
  const base::Nanos overhead = base::from_seconds(1.0 / tokens_per_s) - step_time(bare, work).total;
  TOKAMARK_ASSERT(overhead >= base::Nanos{0});
  return overhead;
}

}  // namespace tokamark::sim
