#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "run/observer.h"
#include "run/results_folder.h"
#include "study/plan.h"
#include "study/study.h"

namespace tokamark::run {

/// How a study ended.
struct Outcome {
  std::size_t finished = 0;  ///< trials run now
  std::size_t skipped = 0;   ///< trials that were there already
  bool interrupted = false;
  /// One line for each engine that could not be started or died; empty = none.
  std::vector<std::string> engine_failures;
};

/// Runs every planned trial that the folder does not hold yet, one engine at a time. An engine
/// that cannot start is reported, its remaining trials are left out, and the others go on. Errors
/// are those that make going on senseless: kind `output` (results cannot be written) or `study`.
///
/// `goes_on` is asked between blocks, with how many are done; the study ends when it says no.
using BlockGate = std::function<base::Result<bool>(std::uint32_t blocks_done)>;
base::Result<Outcome> run_study(const study::Study& study, const study::Plan& plan,
                                ResultsFolder& folder, const std::atomic<bool>& stop,
                                Observer& observer, const BlockGate& goes_on = {});

}  // namespace tokamark::run
