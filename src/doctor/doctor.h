#pragma once

#include <filesystem>
#include <vector>

#include "probe/check.h"
#include "study/plan.h"
#include "study/study.h"

namespace tokamark::doctor {

/// Checks of the machine alone, without a study.
std::vector<probe::Check> examine_machine();

/// Every check of the machine and of the engines that the plan visits, before any of them starts.
/// Takes a fraction of a second; up to 10 s where docker is asked, and up to 5 s where a hub is.
std::vector<probe::Check> examine(const study::Study& study, const study::Plan& plan,
                                  const std::filesystem::path& results);

}  // namespace tokamark::doctor
