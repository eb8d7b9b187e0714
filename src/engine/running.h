#pragma once

#include <memory>

#include "engine/adapter.h"
#include "engine/process.h"
#include "engine/readiness.h"

namespace tokamark::engine {

/// Everything a running engine is made of, handed over by `start`.
struct RunningParts {
  const EngineAdapter* adapter = nullptr;
  EngineSpec spec;  ///< with its port
  LaunchCommand command;
  std::unique_ptr<SupervisedProcess> process;  ///< null when attached
  std::filesystem::path log_path;
  std::uint64_t log_from = 0;   ///< where this start's part of the log begins
  std::uint64_t log_ready = 0;  ///< where it was ready; only what follows tells of a later end
  Target target;
  Readiness readiness;
  EngineFacts facts;
  EffectiveSettings settings;
  nlohmann::json image;  ///< see image_facts; null without one
};

/// The handle that `start` returns.
std::unique_ptr<RunningEngine> make_running_engine(RunningParts parts);

}  // namespace tokamark::engine
