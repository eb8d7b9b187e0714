#include "sim/scheduler.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace tokamark::sim {

Scheduler::Scheduler(Profile profile) : profile_(std::move(profile)) {
  TOKAMARK_ASSERT(profile_.engine.tokens_per_step > 0 && profile_.engine.max_sequences > 0);
  // Every running sequence must get its decode, or a step could starve some of them for ever.
  TOKAMARK_ASSERT(profile_.engine.max_sequences <= profile_.engine.tokens_per_step);
}

base::Result<void> Scheduler::check(const SequenceRequest& request) const {
  const std::int64_t total = request.prompt_tokens + request.output_tokens;
  const EngineFacts& engine = profile_.engine;
  const auto refuse = [](std::string message) {
    return base::Error{base::ErrorKind::engine, std::move(message)};
  };
  if (total > profile_.context_limit) {
    return refuse(fmt::format("prompt and output need {} tokens, the context limit is {}", total,
                              profile_.context_limit));
  }
  if (total > engine.kv_capacity_tokens) {
    return refuse(fmt::format("prompt and output need {} tokens, the KV cache holds {}", total,
                              engine.kv_capacity_tokens));
  }
  if (engine.prefill == PrefillStyle::whole_mixed &&
      request.prompt_tokens > engine.tokens_per_step) {
    return refuse(fmt::format("the prompt has {} tokens, one step without chunking takes {}",
                              request.prompt_tokens, engine.tokens_per_step));
  }
  return base::ok();
}

void Scheduler::submit(const SequenceRequest& request) {
  TOKAMARK_ASSERT(request.prompt_tokens >= 1 && request.output_tokens >= 1);
  TOKAMARK_ASSERT(request.cached_tokens >= 0 && request.cached_tokens < request.prompt_tokens);
  TOKAMARK_ASSERT(check(request).has_value());
  Sequence sequence;
  sequence.request = request;
  sequence.prefill_target = request.prompt_tokens;
  waiting_.push_back(sequence);
}

void Scheduler::abort(SequenceId id) {
  const auto has_id = [id](const Sequence& s) { return s.request.id == id; };
  if (const auto it = std::find_if(running_.begin(), running_.end(), has_id);
      it != running_.end()) {
    kv_held_ -= it->held;
    running_.erase(it);
    return;
  }
  if (const auto it = std::find_if(waiting_.begin(), waiting_.end(), has_id);
      it != waiting_.end()) {
    waiting_.erase(it);
  }
}

std::optional<StepTime> Scheduler::begin_step() {
  TOKAMARK_ASSERT(!in_step_);
  work_ = StepWork{};
  entered_.clear();
  if (running_.empty() && waiting_.empty()) return std::nullopt;
  std::int64_t budget = profile_.engine.tokens_per_step;
  if (profile_.engine.prefill == PrefillStyle::chunked_separate) {
    plan_prefills(budget);
    admit_waiting(budget);
    if (work_.prefill_tokens == 0) plan_decodes(budget);
  } else {
    const Preempted preempted = plan_decodes(budget);
    plan_prefills(budget);
    // A sequence that was just thrown out must not come back in the same step.
    if (preempted == Preempted::no) admit_waiting(budget);
  }
  TOKAMARK_ASSERT(work_.decode_sequences + work_.prefill_tokens > 0);
  in_step_ = true;
  return step_time(profile_, work_);
}

std::vector<Emission> Scheduler::end_step() {
  TOKAMARK_ASSERT(in_step_);
  in_step_ = false;
  std::vector<Emission> emissions;
  emissions.reserve(running_.size());
  for (Sequence& sequence : running_) {
    if (sequence.step_tokens == 0) continue;
    sequence.computed += sequence.step_tokens;
    sequence.step_tokens = 0;
    if (sequence.prefilling()) continue;
    const std::int64_t index = sequence.generated++;
    const bool last = sequence.generated == sequence.request.output_tokens;
    emissions.push_back({sequence.request.id, index, last});
    if (last) kv_held_ -= sequence.held;
  }
  std::erase_if(running_, [](const Sequence& s) { return s.generated == s.request.output_tokens; });
  return emissions;
}

std::int64_t Scheduler::running() const { return static_cast<std::int64_t>(running_.size()); }
std::int64_t Scheduler::waiting() const { return static_cast<std::int64_t>(waiting_.size()); }

Scheduler::Preempted Scheduler::plan_decodes(std::int64_t& budget) {
  Preempted any = Preempted::no;
  for (std::size_t i = 0; i < running_.size(); ++i) {
    if (running_[i].prefilling()) continue;
    if (profile_.engine.admission == Admission::optimistic) {
      if (make_room_for(i) == Preempted::yes) any = Preempted::yes;
      if (i >= running_.size()) break;  // it was the newest itself
      running_[i].held += 1;
      kv_held_ += 1;
    }
    Sequence& sequence = running_[i];
    sequence.step_tokens = 1;
    budget -= 1;
    work_.add_decode(sequence.computed);
  }
  return any;
}

Scheduler::Preempted Scheduler::make_room_for(std::size_t index) {
  Preempted any = Preempted::no;
  while (index < running_.size() && kv_held_ + 1 > profile_.engine.kv_capacity_tokens) {
    preempt_newest();
    any = Preempted::yes;
  }
  return any;
}

void Scheduler::preempt_newest() {
  Sequence victim = running_.back();
  running_.pop_back();
  kv_held_ -= victim.held;
  preemptions_ += 1;
  victim.held = 0;
  victim.computed = 0;
  victim.step_tokens = 0;
  // The generated tokens are known; their cache must be computed again with the prompt's.
  victim.prefill_target = victim.request.prompt_tokens + victim.generated;
  waiting_.push_front(victim);
}

void Scheduler::plan_prefills(std::int64_t& budget) {
  for (Sequence& sequence : running_) {
    if (sequence.prefilling() && budget > 0) plan_chunk(sequence, budget);
  }
}

void Scheduler::admit_waiting(std::int64_t& budget) {
  const EngineFacts& engine = profile_.engine;
  while (!waiting_.empty() && budget > 0 && running() < engine.max_sequences) {
    Sequence& head = waiting_.front();
    const std::int64_t need = admission_need(head);
    if (kv_held_ + need > engine.kv_capacity_tokens) return;
    const std::int64_t prompt_left = head.prefill_target - head.request.cached_tokens;
    if (engine.prefill == PrefillStyle::whole_mixed && prompt_left > budget) return;
    head.held = need;
    head.computed = head.request.cached_tokens;
    kv_held_ += need;
    entered_.push_back(head.request.id);
    running_.push_back(head);
    waiting_.pop_front();
    plan_chunk(running_.back(), budget);
  }
}

std::int64_t Scheduler::admission_need(const Sequence& sequence) const {
  if (profile_.engine.admission == Admission::optimistic) return sequence.prefill_target;
  return sequence.request.prompt_tokens + sequence.request.output_tokens;
}

void Scheduler::plan_chunk(Sequence& sequence, std::int64_t& budget) {
  const std::int64_t left = sequence.prefill_target - sequence.computed;
  const std::int64_t tokens = std::min(left, budget);
  sequence.step_tokens = tokens;
  budget -= tokens;
  work_.add_prefill(tokens, sequence.computed,
                    tokens == left ? StepWork::Chunk::last : StepWork::Chunk::middle);
}

}  // namespace tokamark::sim
