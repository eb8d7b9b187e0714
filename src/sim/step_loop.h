#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "sim/latencies.h"
#include "sim/scheduler.h"
#include "sim/step_warp.h"

namespace tokamark::sim {

/// Running totals of a simulated engine, for its metrics page.
struct EngineCounters {
  std::int64_t running = 0;
  std::int64_t waiting = 0;
  std::int64_t kv_tokens_held = 0;
  std::int64_t kv_capacity_tokens = 0;
  std::int64_t prompt_tokens = 0;  ///< of requests whose prefill ended, cached ones included
  std::int64_t cached_tokens = 0;
  std::int64_t generation_tokens = 0;
  std::int64_t finished_requests = 0;
  std::int64_t preemptions = 0;
  std::int64_t steps = 0;
  base::Nanos busy{0};  ///< simulated time spent in steps
  Latencies latencies;  ///< kept by the service
};

/// What happened by a given time.
struct Turn {
  std::vector<SequenceId> admitted;  ///< left the API server, now queued at the scheduler
  std::vector<Emission> emissions;   ///< due now
  std::vector<base::Nanos> waits;    ///< in the scheduler's queue, of what entered the batch
};

/// Puts the scheduler on a time line: the API server's queue in front of it, and the end of each
/// step. Holds no clock; the caller says what time it is. Not thread-safe.
class StepLoop {
 public:
  /// `speed` > 0 divides every simulated duration; `warp` bends what is left, and is not divided.
  StepLoop(Profile profile, double speed, StepWarp warp = {});

  /// As Scheduler::check.
  [[nodiscard]] base::Result<void> check(const SequenceRequest& request) const;
  /// A request reaches the API server, which handles one after another.
  void arrive(const SequenceRequest& request, base::TimePoint now);
  /// The client has gone.
  void abort(SequenceId id);

  /// When `advance` has something to do next; nothing when idle.
  [[nodiscard]] std::optional<base::TimePoint> next_due() const;

  /// Does what is due at `now`: at most one step ends. The next step starts when the last one was
  /// due to end, so small delays of the caller do not add up; but when the caller is late by more
  /// than the next step lasts, it starts at `now`: a late caller is never followed by a burst of
  /// steps that are all due at once.
  Turn advance(base::TimePoint now);

  [[nodiscard]] EngineCounters counters() const;

 private:
  struct Arrival {
    base::TimePoint due;
    SequenceRequest request;
  };
  struct Prompt {
    SequenceId id;
    std::int64_t prompt_tokens;
    std::int64_t cached_tokens;
    base::TimePoint queued;  ///< when it came to the scheduler
  };

  void move_arrivals(base::TimePoint until, Turn& turn);
  void start_step(base::TimePoint nominal, base::TimePoint now, Turn& turn);
  void count(const std::vector<Emission>& emissions);
  [[nodiscard]] base::Nanos scaled(base::Nanos duration) const;

  Scheduler scheduler_;
  double speed_;
  StepWarp warp_;
  std::deque<Arrival> intake_;
  base::TimePoint intake_free_at_{};
  std::optional<base::TimePoint> step_end_;
  std::vector<Prompt> prompts_;  ///< of the requests that have yielded no token yet
  EngineCounters counters_;
};

}  // namespace tokamark::sim
