#pragma once

#include <span>
#include <vector>

#include "analysis/trial_facts.h"
#include "record/request_record.h"
#include "record/result.h"

namespace tokamark::analysis {

/// The finished summary of a trial: metrics, counts, client costs, checks, and the verdict with its
/// codes by the limits in `facts.validity`.
record::TrialResult analyse(const TrialFacts& facts,
                            std::span<const record::RequestRecord> records);

/// clock_confounded between trials: adds the code to each trial that did not end early, of those
/// with the same workload, load and repeat, where the mean SM clocks of two engines are further
/// apart than the limit. Trials without clocks are left out.
void judge_clocks(std::vector<record::TrialResult>& trials, const Thresholds& limits);

}  // namespace tokamark::analysis
