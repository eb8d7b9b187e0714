#pragma once

#include <span>

#include "analysis/trial_facts.h"
#include "record/request_record.h"
#include "record/result.h"

namespace tokamark::analysis {

/// The finished summary of a trial: metrics, counts, client costs, checks, and the verdict with its
/// codes by the limits in `facts.validity`.
record::TrialResult analyse(const TrialFacts& facts,
                            std::span<const record::RequestRecord> records);

}  // namespace tokamark::analysis
