#include "roofline/bounds.h"

#include "roofline/step_work.h"

namespace tokamark::roofline {

namespace {

StepBound bound_of(const ModelFacts& model, const Ceilings& ceilings, const StepWork& work) {
  const double memory_s = bytes_read(model, work) / ceilings.memory_bytes_per_s;
  const double compute_s = flops(model, work) / ceilings.flops_per_s;
  return memory_s >= compute_s ? StepBound{memory_s, Side::memory}
                               : StepBound{compute_s, Side::compute};
}

}  // namespace

StepBound decode_bound(const ModelFacts& model, const Ceilings& ceilings,
                       const DecodeBatch& batch) {
  StepWork work;
  work.decode_sequences = batch.sequences;
  work.sampled_tokens = batch.sequences;
  work.kv_tokens_read = batch.sequences * batch.context_tokens;
  work.attention_pairs = batch.sequences * (batch.context_tokens + 1);
  return bound_of(model, ceilings, work);
}

StepBound prefill_bound(const ModelFacts& model, const Ceilings& ceilings, const Prompt& prompt) {
  StepWork work;
  work.add_prefill(prompt.new_tokens, prompt.cached_tokens, StepWork::Chunk::last);
  return bound_of(model, ceilings, work);
}

const char* to_word(Side side) { return side == Side::memory ? "memory" : "compute"; }

}  // namespace tokamark::roofline
