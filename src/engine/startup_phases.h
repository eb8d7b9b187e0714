#pragma once

#include <map>
#include <string>

namespace tokamark::engine {

/// What a log says of the start's parts, in seconds: "weights" (read into memory), "compile",
/// "graphs" (captured), "engine" (all of the engine's own initialisation). Parts that it does not
/// state are absent.
std::map<std::string, double> startup_phases(const std::string& log);

}  // namespace tokamark::engine
