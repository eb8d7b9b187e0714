#include "engine/startup_phases.h"

#include <cstdlib>
#include <regex>

namespace tokamark::engine {

namespace {

struct Phase {
  const char* name;
  const char* pattern;  ///< short: std::regex recurses for each character that it takes
};

/// vLLM, SGLang, in this order; the first that a log holds wins.
constexpr Phase kPhases[] = {
    {"weights", R"(Loading weights took ([0-9.]+) s)"},
    {"weights", R"(Load weight end\. elapsed=([0-9.]+) s)"},
    {"compile", R"(torch\.compile takes ([0-9.]+) s in total)"},
    {"compile", R"(torch\.compile took ([0-9.]+) s)"},
    {"graphs", R"(Graph capturing finished in ([0-9.]+) secs)"},
    {"graphs", R"(Capture cuda graph end\. Time elapsed: ([0-9.]+) s)"},
    {"graphs", R"(Capture target decode CUDA graph end\..*elapsed=([0-9.]+) s)"},
    {"engine", R"(warmup model\) took ([0-9.]+) s)"},
};

}  // namespace

std::map<std::string, double> startup_phases(const std::string& log) {
  std::map<std::string, double> found;
  for (const Phase& phase : kPhases) {
    std::smatch match;
    if (found.count(phase.name) > 0) continue;
    if (!std::regex_search(log, match, std::regex(phase.pattern))) continue;
    found[phase.name] = std::strtod(match[1].str().c_str(), nullptr);
  }
  return found;
}

}  // namespace tokamark::engine
