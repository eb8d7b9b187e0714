#pragma once

#include <span>
#include <string>
#include <vector>

#include "analysis/trial_facts.h"
#include "detail/detail.h"

namespace tokamark::detail {

/// The grid over values in any order; `empty_reason` says why there are none.
Distribution make_distribution(std::vector<double> ms, const std::string& empty_reason);

/// Fills the distributions, the gaps' histogram and TTFT by prompt length.
void add_distributions(std::span<const record::RequestRecord> records, TrialDetail& into);

/// Fills what the SLO makes of the requests at other limits, and the rate of sends.
void add_rates(const analysis::TrialFacts& facts, std::span<const record::RequestRecord> records,
               TrialDetail& into);

}  // namespace tokamark::detail
