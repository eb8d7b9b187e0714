#include "run/study_runner.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>
#include <thread>
#include <utility>

#include "doctor/findings_text.h"
#include "engine/engine.h"
#include "probe/sampler.h"
#include "run/cooldown.h"
#include "run/memory_settle.h"
#include "run/resources.h"
#include "run/roofline_facts.h"
#include "run/trial_checks.h"
#include "run/trial_runner.h"

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
      : study_(study), folder_(folder), stop_(stop), observer_(observer) {
    for (const study::EngineVisit& visit : plan.visits) total_ += visit.trials.size();
    auto gpus = probe::open_gpu_reader({});
    if (gpus.has_value()) gpus_ = std::move(gpus.value());
    if (gpus_) start_c_ = hottest_gpu_c(*gpus_);
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
    cool_down(spec);
    // An attached server is not idle, and what was before it is not known.
    idle_ = gpus_ && spec.kind != "openai" ? read_idle(*gpus_) : IdleGpus{};
    auto engine = start(spec, visit.repeat);
    if (!engine.has_value()) {
      number_ += left.size();
      if (engine.error().kind != ErrorKind::interrupted) {
        fail(spec.name, engine.error().message);
      }
      return base::ok();
    }
    const auto done = run_trials(left, *engine.value(), spec.name);
    const auto stopped = engine.value()->stop();
    if (!stopped.has_value()) observer_.on_message(spec.name + ": " + stopped.error().message);
    if (idle_.used_bytes && !stop_) {
      const std::string warning = wait_for_gpu_memory(
          *gpus_, *idle_.used_bytes, {}, [](auto pause) { std::this_thread::sleep_for(pause); });
      if (!warning.empty()) observer_.on_message(spec.name + ": " + warning);
    }
    return done;
  }

  /// Only where the temperature is told, and the engine is this study's to start.
  void cool_down(const engine::EngineSpec& spec) {
    hot_.clear();
    if (!start_c_ || spec.kind == "openai") return;
    const CoolRule rule{*start_c_, study_.validity.start_temperature_c,
                        base::from_seconds(study_.timeouts.cooldown_s)};
    hot_ = wait_until_cool(*gpus_, rule, stop_,
                           [](auto pause) { std::this_thread::sleep_for(pause); });
    if (!hot_.empty()) observer_.on_message(spec.name + ": " + hot_);
  }

  base::Result<std::unique_ptr<engine::RunningEngine>> start(const engine::EngineSpec& spec,
                                                             std::uint32_t repeat) {
    double took_s = 0.0;
    engine::StartOptions options;
    options.log_path = folder_.engine_log(spec.name, repeat);
    options.stop = &stop_;
    options.progress = [&](double elapsed_s, const std::string& line) {
      took_s = elapsed_s;
      observer_.on_engine_starting(spec.name, elapsed_s, line);
    };
    observer_.on_engine_starting(spec.name, 0.0, "");
    auto engine = engine::start(spec, study_.model, options);
    if (engine.has_value()) {
      observer_.on_engine_ready(spec.name, took_s);
      roofline_ = look_for_roofline(spec, *engine.value());
      for (const auto& warning :
           engine.value()->info().value("warnings", nlohmann::json::array())) {
        observer_.on_message(spec.name + ": " + warning.get<std::string>());
      }
    }
    return engine;
  }

  /// What the machine allows the engine at most, by its model's and its GPU's facts.
  nlohmann::json look_for_roofline(const engine::EngineSpec& spec,
                                   const engine::RunningEngine& engine) const {
    std::vector<std::string> names;
    if (gpus_) {
      for (const probe::GpuIdentity& gpu : gpus_->gpus()) names.push_back(gpu.name);
    }
    const nlohmann::json settings = engine.info().value("settings", nlohmann::json::object());
    return roofline_facts({spec, study_.model, settings, names});
  }

  base::Result<void> run_trials(const std::vector<const study::PlannedTrial*>& trials,
                                engine::RunningEngine& engine, const std::string& name) {
    for (const study::PlannedTrial* trial : trials) {
      if (stop_) return base::ok();
      ++number_;
      const auto checks = check_machine(engine, name);
      auto output =
          run_trial(study_, *trial, engine, stop_,
                    [&](double elapsed_s, bool measuring, const load::LiveStats& live) {
                      observer_.on_trial_running(*trial, progress(elapsed_s, measuring), live);
                    });
      if (!output.has_value()) {
        if (output.error().kind == ErrorKind::study) return output.error();
        if (stop_) return base::ok();
        fail(name, output.error().message);
        return base::ok();
      }
      output.value().facts.dirty_machine = hot_;
      add_idle(idle_, output.value().facts.resources);
      output.value().facts.engine_info["checks"] = checks;
      output.value().facts.engine_info.update(roofline_);
      TOKAMARK_TRY_VOID(folder_.write_trial(output.value()));
      TOKAMARK_TRY(const auto summary,
                   record::read_trial_file(folder_.root() / "trials" / trial->id / "summary.json"));
      ++outcome_.finished;
      observer_.on_trial_finished(summary, number_, total_);
      if (const auto ended = engine.ended()) {
        fail(name, *ended);
        return base::ok();
      }
    }
    return base::ok();
  }

  /// What was not well right before a trial; said once for each engine and check.
  nlohmann::json check_machine(const engine::RunningEngine& engine, const std::string& name) {
    const auto checks = check_before_trial(folder_.root(), gpus_.get(), engine.processes());
    for (const probe::Check& check : checks) {
      if (said_.insert(name + check.id).second) {
        observer_.on_message(name + ": " + doctor::line_of(check));
      }
    }
    return probe::to_json(checks)["checks"];
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
    const bool named = why.rfind("engine \"", 0) == 0;
    outcome_.engine_failures.push_back(named ? why : "engine \"" + name + "\": " + why);
    observer_.on_message(outcome_.engine_failures.back());
  }

  const study::Study& study_;
  ResultsFolder& folder_;
  const std::atomic<bool>& stop_;
  Observer& observer_;
  Outcome outcome_;
  std::unique_ptr<probe::GpuReader> gpus_;  ///< null on a machine without GPU
  std::optional<double> start_c_;           ///< the hottest GPU at the study's start
  IdleGpus idle_;                           ///< before the visit's engine was started
  nlohmann::json roofline_;                 ///< of the visit's engine
  std::string hot_;                         ///< what is to be said of it at the visit's start
  std::set<std::string> failed_;
  std::set<std::string> said_;  ///< checks before trials that were shown
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
