#include "run/engine_host.h"

#include <thread>

#include "doctor/findings_text.h"
#include "doctor/launch_shape.h"
#include "run/cooldown.h"
#include "run/memory_settle.h"
#include "run/roofline_facts.h"
#include "run/trial_checks.h"

namespace tokamark::run {

EngineHost::EngineHost(const study::Study& study, ResultsFolder& folder,
                       const std::atomic<bool>& stop, Observer& observer)
    : study_(study), folder_(folder), stop_(stop), observer_(observer) {
  auto gpus = probe::open_gpu_reader({});
  if (gpus.has_value()) gpus_ = std::move(gpus.value());
  if (gpus_) start_c_ = hottest_gpu_c(*gpus_);
}

/// Only where the temperature is told, and the engine is this study's to start.
void EngineHost::cool_down(const engine::EngineSpec& spec) {
  hot_.clear();
  if (!start_c_ || spec.kind == "openai") return;
  const CoolRule rule{*start_c_, study_.validity.start_temperature_c,
                      base::from_seconds(study_.timeouts.cooldown_s)};
  hot_ =
      wait_until_cool(*gpus_, rule, stop_, [](auto pause) { std::this_thread::sleep_for(pause); });
  if (!hot_.empty()) observer_.on_message(spec.name + ": " + hot_);
}

base::Result<std::unique_ptr<engine::RunningEngine>> EngineHost::start(
    const engine::EngineSpec& spec, std::uint32_t repeat) {
  cool_down(spec);
  // An attached server is not idle, and what was before it is not known.
  idle_ = gpus_ && spec.kind != "openai" ? read_idle(*gpus_) : IdleGpus{};
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
    look_for_roofline(spec, *engine.value());
    for (const auto& warning : engine.value()->info().value("warnings", nlohmann::json::array())) {
      observer_.on_message(spec.name + ": " + warning.get<std::string>());
    }
  }
  return engine;
}

void EngineHost::look_for_roofline(const engine::EngineSpec& spec,
                                   const engine::RunningEngine& engine) {
  std::vector<std::string> names;
  if (gpus_) {
    for (const probe::GpuIdentity& gpu : gpus_->gpus()) names.push_back(gpu.name);
  }
  const nlohmann::json settings = engine.info().value("settings", nlohmann::json::object());
  roofline_ = roofline_facts({spec, study_.model, settings, names});
}

base::Result<record::TrialResult> EngineHost::run(const study::PlannedTrial& trial,
                                                  engine::RunningEngine& engine,
                                                  const TrialTick& tick) {
  const auto checks = check_machine(engine, study_.engines[trial.engine].name);
  TOKAMARK_TRY(TrialOutput output, run_trial(study_, trial, engine, stop_, tick));
  output.facts.dirty_machine = hot_;
  add_idle(idle_, output.facts.resources);
  if (doctor::asks_for_cpu(study_.engines[trial.engine])) {
    drop_gpus("the engine was told to compute on the CPU", output.facts.resources);
  }
  output.facts.engine_info["checks"] = checks;
  output.facts.engine_info.update(roofline_);
  TOKAMARK_TRY_VOID(folder_.write_trial(output));
  return record::read_trial_file(folder_.root() / "trials" / trial.id / "summary.json");
}

void EngineHost::stop(engine::RunningEngine& engine, const std::string& name) {
  const auto stopped = engine.stop();
  if (!stopped.has_value()) observer_.on_message(name + ": " + stopped.error().message);
  if (!idle_.used_bytes || stop_) return;
  const std::string warning = wait_for_gpu_memory(
      *gpus_, *idle_.used_bytes, {}, [](auto pause) { std::this_thread::sleep_for(pause); });
  if (!warning.empty()) observer_.on_message(name + ": " + warning);
}

void EngineHost::fail(const std::string& name, const std::string& why) {
  const bool named = why.rfind("engine \"", 0) == 0;
  failures_.push_back(named ? why : "engine \"" + name + "\": " + why);
  observer_.on_message(failures_.back());
  const auto written = folder_.write_failures(failures_);
  if (written.has_error()) observer_.on_message(written.error().message);
}

base::Result<std::vector<std::string>> EngineHost::finish() {
  if (!stop_) TOKAMARK_TRY_VOID(folder_.write_failures(failures_));
  return failures_;
}

/// What was not well right before a trial; said once for each engine and check.
nlohmann::json EngineHost::check_machine(const engine::RunningEngine& engine,
                                         const std::string& name) {
  const auto checks = check_before_trial(folder_.root(), gpus_.get(), engine.processes());
  for (const probe::Check& check : checks) {
    if (said_.insert(name + check.id).second) {
      observer_.on_message(name + ": " + doctor::line_of(check));
    }
  }
  return probe::to_json(checks)["checks"];
}

}  // namespace tokamark::run
