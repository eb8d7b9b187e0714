#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "engine/adapter.h"
#include "engine/process.h"

namespace tokamark::engine {

/// A server that is being waited for.
struct ReadinessTask {
  const EngineSpec* spec = nullptr;
  std::string wanted_model;  ///< empty = the first that the server lists
  RequestFields fields;      ///< what the first request tries
  const ControlPlane* plane = nullptr;
  SupervisedProcess* process = nullptr;  ///< null for an attached server
  std::filesystem::path log_path;        ///< of a started engine
  std::uint64_t log_from = 0;            ///< where this start's part of the log begins
  const StartOptions* options = nullptr;
  std::chrono::steady_clock::time_point begun;
};

/// What waiting found out.
struct Readiness {
  std::string model;
  RequestFields fields;  ///< what the server takes
  std::vector<std::string> warnings;
  std::map<std::string, double> startup_s;  ///< port_answers, healthy, first_token; from the start
  bool says_simulated = false;              ///< it marks its answers as a simulated engine's
};

/// Waits until the server has passed, in order: its port answers, /health is good (of a server of
/// ours, where it exists), /v1/models lists the model (where it exists), and one completion gave a
/// token. An attached server may refuse optional fields: then less is sent, with a warning. Errors
/// have kind `engine` or `interrupted`: the process ended, the model's name is wrong, the start
/// timeout passed, an attached server is not reachable, or it answers with a lasting error.
base::Result<Readiness> await_ready(const ReadinessTask& task);

}  // namespace tokamark::engine
