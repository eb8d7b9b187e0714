#pragma once

#include <atomic>
#include <functional>
#include <string>

#include "base/error.h"
#include "engine/engine.h"
#include "load/live.h"
#include "run/results_folder.h"
#include "study/plan.h"
#include "study/study.h"

namespace tokamark::run {

/// Called about ten times a second while a trial's load runs. Text ends the trial early, with that
/// text as what stopped it.
using TrialTick =
    std::function<std::string(double elapsed_s, bool measuring, const load::LiveStats&)>;

/// Runs one trial on a running engine: caches reset, schedule made, probes, load, telemetry and
/// counters. The output's facts say `stopped` when the user, the tick, the engine's end or a
/// broken connection cut it short. Errors: kind `study` for a bad schedule, `engine` when the
/// engine answers no probe or cannot be reached at all.
base::Result<TrialOutput> run_trial(const study::Study& study, const study::PlannedTrial& trial,
                                    engine::RunningEngine& engine, const std::atomic<bool>& stop,
                                    const TrialTick& tick);

}  // namespace tokamark::run
