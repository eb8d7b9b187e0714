#pragma once

#include <string>
#include <vector>

#include "probe/check.h"

namespace tokamark::doctor {

/// The checks of one engine, whose ids begin with its name.
struct EngineChecks {
  std::string engine;
  std::vector<probe::Check> checks;
};

/// The checks of all engines, in order. An engine that takes part in several arms is there as
/// ENGINE.ARM once for each; what is the same for all of them is told once, of ENGINE.
std::vector<probe::Check> merge_arms(const std::vector<EngineChecks>& engines);

/// The names in one line, those of the arms of one engine as ENGINE.
std::string joined_names(const std::vector<std::string>& names);

}  // namespace tokamark::doctor
