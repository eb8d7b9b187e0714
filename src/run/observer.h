#pragma once

#include <string>

#include "base/clock.h"
#include "load/live.h"
#include "record/result.h"
#include "study/plan.h"
#include "study/study.h"

namespace tokamark::run {

/// Where a running trial stands.
struct TrialProgress {
  std::size_t number = 0;  ///< 1-based among all trials of the plan
  std::size_t total = 0;
  double elapsed_s = 0.0;
  double expected_s = 0.0;  ///< least length of this trial
  double left_s = 0.0;      ///< least time left for the whole study, this trial included
  bool measuring = false;   ///< the window is open
};

/// Told what happens while a study runs, on the runner's thread. Implementations only show.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void on_engine_starting(const std::string& engine, double elapsed_s,
                                  const std::string& last_log_line) = 0;
  virtual void on_engine_ready(const std::string& engine, double elapsed_s) = 0;
  /// The next trial's checks and probes begin; its load comes later.
  virtual void on_trial_starting(const study::PlannedTrial& /*trial*/, std::size_t /*number*/,
                                 std::size_t /*total*/) {}
  virtual void on_trial_running(const study::PlannedTrial& trial, const TrialProgress& progress,
                                const load::LiveStats& live) = 0;
  virtual void on_trial_finished(const record::TrialResult& trial, std::size_t number,
                                 std::size_t total) = 0;
  /// One line worth keeping: a warning, an engine that failed.
  virtual void on_message(const std::string& line) = 0;
};

}  // namespace tokamark::run
