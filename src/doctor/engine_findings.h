#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/spec.h"

namespace tokamark::doctor {

/// What of an engine is on this machine; read by `find_engine`. Nothing is started.
struct EngineFindings {
  std::vector<std::string> command;  ///< that starts it; empty for a server that is attached to
  std::string problem;               ///< why there is no command; empty = there is
  std::map<std::string, std::string> distributions;  ///< of its venv that matter, with versions
  std::string version;  ///< of the engine's distribution; empty = not known
  std::string cuda;     ///< what its venv's torch was built for: "13.0", "cpu", "" = no torch; what
                        ///< its image holds
  std::uint16_t port = 0;    ///< it will listen on; 0 = it listens on none
  std::string port_problem;  ///< why it cannot
  std::string venv_problem;  ///< why its `venv` is none; empty also where the study names none
};
EngineFindings find_engine(const engine::EngineSpec& spec, const engine::ModelSpec& model);

/// Of torch/version.py: "13.0" for `cuda: Optional[str] = '13.0'`, "cpu" for None; else,
/// and for AMD's, "".
std::string parse_torch_cuda(const std::string& version_py);

/// Whether it computes on a GPU: by its kind, its arguments, and the build that is installed.
bool needs_gpu(const engine::EngineSpec& spec, const EngineFindings& findings);

}  // namespace tokamark::doctor
