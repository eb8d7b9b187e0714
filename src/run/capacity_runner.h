#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "base/error.h"
#include "run/capacity_file.h"
#include "run/observer.h"
#include "run/results_folder.h"
#include "study/plan.h"
#include "study/study.h"

namespace tokamark::run {

/// How the searches of a study ended.
struct CapacityOutcome {
  std::vector<CapacitySearchResult> found;
  bool interrupted = false;
  std::vector<std::string> engine_failures;  ///< one line each; empty = none
};

/// Why no capacity can be searched for in this study, as an error of kind `study` or `usage`.
base::Result<void> check_capacity(const study::Study& study, const CapacityAsk& ask);

/// One search for each engine of the plan and each workload, from the study's loads. Each engine is
/// started once and plays all its runs, one after the other; each run is a trial with a seed of its
/// own. plan.json and capacity.json are written anew after every trial, so that what was measured
/// is there whatever happens. Errors are those that make going on senseless: kinds `output`,
/// `study`.
base::Result<CapacityOutcome> find_capacities(const study::Study& study, const study::Plan& plan,
                                              const CapacityAsk& ask, ResultsFolder& folder,
                                              const std::atomic<bool>& stop, Observer& observer);

}  // namespace tokamark::run
