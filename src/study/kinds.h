#pragma once

#include <string>
#include <vector>

namespace tokamark::study {

/// The engine kinds that a study may name, sorted: those that this build can run and those that
/// are only known by name so far. Starting one of the latter is refused by the engine module.
std::vector<std::string> study_kinds();

}  // namespace tokamark::study
