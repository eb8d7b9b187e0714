#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "base/error.h"
#include "engine/engine.h"
#include "probe/sampler.h"
#include "record/result.h"
#include "run/observer.h"
#include "run/resources.h"
#include "run/results_folder.h"
#include "run/trial_runner.h"

namespace tokamark::run {

/// Starts a study's engines one after the other and runs trials on them: cool GPUs before a start,
/// checks before a trial, what was measured on disk after it, free memory after the stop. What it
/// is given must outlive it. One thread.
class EngineHost {
 public:
  EngineHost(const study::Study& study, ResultsFolder& folder, const std::atomic<bool>& stop,
             Observer& observer);

  /// The engine of one visit, ready. Kind `interrupted` when the user stopped it.
  base::Result<std::unique_ptr<engine::RunningEngine>> start(const engine::EngineSpec& spec,
                                                             std::uint32_t repeat);
  /// Runs a trial and writes it; its summary. Errors of kinds `study` and `output` make going on
  /// senseless; any other is the engine's.
  base::Result<record::TrialResult> run(const study::PlannedTrial& trial,
                                        engine::RunningEngine& engine, const TrialTick& tick);
  /// Ends the engine and waits for its GPU memory; what goes wrong is told to the observer.
  void stop(engine::RunningEngine& engine, const std::string& name);
  /// Says why an engine failed, to the observer and in the folder.
  void fail(const std::string& name, const std::string& why);
  /// After the last engine: why engines failed, one line each. The folder says the same then,
  /// unless the user stopped the study: what failed in an earlier run may be why a trial is
  /// missing.
  base::Result<std::vector<std::string>> finish();

 private:
  void cool_down(const engine::EngineSpec& spec);
  /// What the machine allows the engine at most, by its model's and its GPU's facts.
  void look_for_roofline(const engine::EngineSpec& spec, const engine::RunningEngine& engine);
  nlohmann::json check_machine(const engine::RunningEngine& engine, const std::string& name);

  const study::Study& study_;
  ResultsFolder& folder_;
  const std::atomic<bool>& stop_;
  Observer& observer_;
  std::unique_ptr<probe::GpuReader> gpus_;  ///< null on a machine without GPU
  std::optional<double> start_c_;           ///< the hottest GPU at the study's start
  IdleGpus idle_;                           ///< before the visit's engine was started
  nlohmann::json roofline_;                 ///< of the visit's engine
  std::string hot_;                         ///< what is to be said of it at the visit's start
  std::set<std::string> said_;              ///< checks before trials that were shown
  std::vector<std::string> failures_;
};

}  // namespace tokamark::run
