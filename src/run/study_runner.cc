#include "run/study_runner.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>
#include <utility>

#include "run/engine_host.h"

namespace tokamark::run {

namespace {

using base::ErrorKind;

/// Least seconds of one trial.
double expected_seconds(const study::Study& study) {
  return study.window.warmup_s + study.window.seconds;
}

class StudyRunner {
 public:
  StudyRunner(const study::Study& study, const study::Plan& plan, ResultsFolder& folder,
              const std::atomic<bool>& stop, Observer& observer)
      : study_(study),
        folder_(folder),
        stop_(stop),
        observer_(observer),
        host_(study, folder, stop, observer) {
    for (const study::EngineVisit& visit : plan.visits) total_ += visit.trials.size();
  }

  base::Result<Outcome> run(const study::Plan& plan, const BlockGate& goes_on) {
    std::uint32_t block = 0;
    for (const study::EngineVisit& visit : plan.visits) {
      if (stop_) break;
      if (std::exchange(block, visit.repeat) != visit.repeat && visit.repeat > 1 && goes_on) {
        TOKAMARK_TRY(const bool wanted, goes_on(visit.repeat - 1));
        if (!wanted) break;
      }
      TOKAMARK_TRY_VOID(run_visit(visit));
    }
    outcome_.interrupted = stop_;
    TOKAMARK_TRY(outcome_.engine_failures, host_.finish());
    return outcome_;
  }

 private:
  base::Result<void> run_visit(const study::EngineVisit& visit) {
    std::vector<const study::PlannedTrial*> left;
    for (const study::PlannedTrial& trial : visit.trials) {
      if (folder_.has_complete_trial(trial.id)) {
        ++outcome_.skipped;
        ++number_;
      } else {
        left.push_back(&trial);
      }
    }
    const engine::EngineSpec& spec = study_.engines[visit.engine];
    if (left.empty() || failed_.count(spec.name) > 0) {
      number_ += left.size();
      return base::ok();
    }
    auto engine = host_.start(spec, visit.repeat);
    if (!engine.has_value()) {
      number_ += left.size();
      if (engine.error().kind != ErrorKind::interrupted) {
        fail(spec.name, engine.error().message);
      }
      return base::ok();
    }
    const auto done = run_trials(left, *engine.value(), spec.name);
    host_.stop(*engine.value(), spec.name);
    return done;
  }

  base::Result<void> run_trials(const std::vector<const study::PlannedTrial*>& trials,
                                engine::RunningEngine& engine, const std::string& name) {
    for (const study::PlannedTrial* trial : trials) {
      if (stop_) return base::ok();
      ++number_;
      observer_.on_trial_starting(*trial, number_, total_);
      const auto summary =
          host_.run(*trial, engine, [&](double elapsed_s, bool measuring, const auto& live) {
            observer_.on_trial_running(*trial, progress(elapsed_s, measuring), live);
            return std::string();
          });
      if (!summary.has_value()) {
        const ErrorKind kind = summary.error().kind;
        if (kind == ErrorKind::study || kind == ErrorKind::output) return summary.error();
        if (stop_) return base::ok();
        fail(name, summary.error().message);
        return base::ok();
      }
      ++outcome_.finished;
      observer_.on_trial_finished(summary.value(), number_, total_);
      if (const auto ended = engine.ended()) {
        fail(name, *ended);
        return base::ok();
      }
    }
    return base::ok();
  }

  [[nodiscard]] TrialProgress progress(double elapsed_s, bool measuring) const {
    TrialProgress p;
    p.number = number_;
    p.total = total_;
    p.elapsed_s = elapsed_s;
    p.expected_s = expected_seconds(study_);
    p.left_s = std::max(0.0, p.expected_s - elapsed_s) +
               p.expected_s * static_cast<double>(total_ - number_);
    p.measuring = measuring;
    return p;
  }

  void fail(const std::string& name, const std::string& why) {
    failed_.insert(name);
    host_.fail(name, why);
  }

  const study::Study& study_;
  ResultsFolder& folder_;
  const std::atomic<bool>& stop_;
  Observer& observer_;
  EngineHost host_;
  Outcome outcome_;
  std::set<std::string> failed_;
  std::size_t number_ = 0;
  std::size_t total_ = 0;
};

}  // namespace

base::Result<Outcome> run_study(const study::Study& study, const study::Plan& plan,
                                ResultsFolder& folder, const std::atomic<bool>& stop,
                                Observer& observer, const BlockGate& goes_on) {
  return StudyRunner(study, plan, folder, stop, observer).run(plan, goes_on);
}

}  // namespace tokamark::run
