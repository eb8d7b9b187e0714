#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace tokamark::run {

/// What the machine and the command were (methodology M35), read once at the start: tokamark's
/// version and compiler, command line, start time, kernel, CPU, cores, memory, governor, limits,
/// the GPUs. A fact that cannot be read is null.
nlohmann::json make_manifest(const std::vector<std::string>& command_line);

/// "0.1.0": the version of this build.
std::string version();

}  // namespace tokamark::run
