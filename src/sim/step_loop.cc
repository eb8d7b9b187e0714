#include "sim/step_loop.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace tokamark::sim {

StepLoop::StepLoop(Profile profile, double speed, StepWarp warp)
    : scheduler_(std::move(profile)), speed_(speed), warp_(warp) {
  TOKAMARK_ASSERT(speed > 0);
}

base::Result<void> StepLoop::check(const SequenceRequest& request) const {
  return scheduler_.check(request);
}

void StepLoop::arrive(const SequenceRequest& request, base::TimePoint now) {
  const base::Nanos cost = scaled(scheduler_.profile().engine.request_overhead);
  intake_free_at_ = warp_.end_of(std::max(intake_free_at_, now), cost);
  intake_.push_back({intake_free_at_, request});
}

void StepLoop::abort(SequenceId id) {
  std::erase_if(intake_, [id](const Arrival& a) { return a.request.id == id; });
  std::erase_if(prompts_, [id](const Prompt& p) { return p.id == id; });
  scheduler_.abort(id);
}

std::optional<base::TimePoint> StepLoop::next_due() const {
  if (intake_.empty()) return step_end_;
  if (!step_end_) return intake_.front().due;
  return std::min(*step_end_, intake_.front().due);
}

Turn StepLoop::advance(base::TimePoint now) {
  Turn turn;
  if (step_end_ && *step_end_ <= now) {
    const base::TimePoint ended = *step_end_;
    move_arrivals(ended, turn);
    step_end_.reset();
    turn.emissions = scheduler_.end_step();
    count(turn.emissions);
    start_step(ended, now, turn);
    return turn;
  }
  if (intake_.empty() || intake_.front().due > now) return turn;
  const base::TimePoint first = intake_.front().due;
  move_arrivals(step_end_ ? now : first, turn);
  if (!step_end_) start_step(first, now, turn);
  return turn;
}

EngineCounters StepLoop::counters() const {
  EngineCounters counters = counters_;
  counters.running = scheduler_.running();
  counters.waiting = scheduler_.waiting() + static_cast<std::int64_t>(intake_.size());
  counters.kv_tokens_held = scheduler_.kv_tokens_held();
  counters.kv_capacity_tokens = scheduler_.profile().engine.kv_capacity_tokens;
  counters.preemptions = scheduler_.preemptions();
  return counters;
}

void StepLoop::move_arrivals(base::TimePoint until, Turn& turn) {
  while (!intake_.empty() && intake_.front().due <= until) {
    const SequenceRequest& request = intake_.front().request;
    prompts_.push_back(
        {request.id, request.prompt_tokens, request.cached_tokens, intake_.front().due});
    turn.admitted.push_back(request.id);
    scheduler_.submit(request);
    intake_.pop_front();
  }
}

void StepLoop::start_step(base::TimePoint nominal, base::TimePoint now, Turn& turn) {
  const std::optional<StepTime> time = scheduler_.begin_step();
  if (!time) return;
  const base::Nanos duration = scaled(time->total);
  const base::TimePoint start = now - nominal < duration ? nominal : now;
  step_end_ = warp_.end_of(start, duration);
  for (const SequenceId id : scheduler_.entered()) {
    const auto prompt = std::find_if(prompts_.begin(), prompts_.end(),
                                     [id](const Prompt& p) { return p.id == id; });
    // One that was thrown out after its first token is no new prompt.
    if (prompt != prompts_.end()) turn.waits.push_back(start - prompt->queued);
  }
  counters_.steps += 1;
  counters_.busy += *step_end_ - start;
}

void StepLoop::count(const std::vector<Emission>& emissions) {
  counters_.generation_tokens += static_cast<std::int64_t>(emissions.size());
  for (const Emission& emission : emissions) {
    counters_.finished_requests += emission.last ? 1 : 0;
    if (emission.token_index != 0) continue;
    const auto it = std::find_if(prompts_.begin(), prompts_.end(),
                                 [&](const Prompt& p) { return p.id == emission.id; });
    TOKAMARK_ASSERT(it != prompts_.end());
    counters_.prompt_tokens += it->prompt_tokens;
    counters_.cached_tokens += it->cached_tokens;
    prompts_.erase(it);
  }
}

base::Nanos StepLoop::scaled(base::Nanos duration) const {
  return base::from_seconds(base::to_seconds(duration) / speed_);
}

}  // namespace tokamark::sim
