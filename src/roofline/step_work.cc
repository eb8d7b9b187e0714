#include "roofline/step_work.h"

#include <cmath>

namespace tokamark::roofline {

void StepWork::add_decode(std::int64_t context) {
  decode_sequences += 1;
  kv_tokens_read += static_cast<double>(context);
  attention_pairs += static_cast<double>(context + 1);
  sampled_tokens += 1;
}

void StepWork::add_prefill(std::int64_t tokens, std::int64_t context, Chunk chunk) {
  prefill_tokens += static_cast<double>(tokens);
  kv_tokens_read += static_cast<double>(context);
  // Token j of the chunk attends to the earlier context and to tokens 1..j of its own chunk.
  attention_pairs += static_cast<double>(tokens * context + tokens * (tokens + 1) / 2);
  sampled_tokens += chunk == Chunk::last ? 1 : 0;
}

double experts_touched(const ModelFacts& model, double tokens) {
  const double missed = 1.0 - model.experts_per_token / model.experts;
  return model.experts * (1.0 - std::pow(missed, tokens));
}

double bytes_read(const ModelFacts& model, const StepWork& work) {
  const double tokens = work.decode_sequences + work.prefill_tokens;
  return model.dense_bytes + experts_touched(model, tokens) * model.expert_bytes +
         work.kv_tokens_read * model.kv_bytes_per_token;
}

double flops(const ModelFacts& model, const StepWork& work) {
  const double tokens = work.decode_sequences + work.prefill_tokens;
  return 2.0 * model.layer_parameters_per_token * tokens +
         2.0 * model.head_parameters * work.sampled_tokens +
         model.attention_flops_per_pair * work.attention_pairs;
}

}  // namespace tokamark::roofline
