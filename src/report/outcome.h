#pragma once

#include <string>
#include <vector>

#include "record/result.h"
#include "report/at_slo.h"

namespace tokamark::report {

/// What stands first in a report: whether the numbers may be used, which engine is best at the SLO,
/// and by how much. Raw text.
struct Outcome {
  bool valid = false;               ///< every planned trial is there and valid
  const char* heading = "";         ///< "Valid", "Not all valid", or "Not all measured"
  std::string validity;             ///< one sentence
  std::vector<std::string> failed;  ///< checks that made trials invalid: "errors: 2 trials"
  std::vector<std::string> warned;  ///< codes of trials that are valid all the same
  std::vector<std::string> best;    ///< "chat: a", or "chat: not resolved"
  std::vector<std::string> leads;   ///< sentences with the interval, or why nothing is resolved
};

Outcome outcome_of(const record::StudyResult& result, const std::vector<WorkloadRows>& workloads);

}  // namespace tokamark::report
