#pragma once

#include <span>

#include "analysis/trial_facts.h"
#include "detail/detail.h"

namespace tokamark::detail {

/// Fills the errors over time and, where the timeline is set already, the rows of the waterfall.
void add_requests(const analysis::TrialFacts& facts, std::span<const record::RequestRecord> records,
                  TrialDetail& into);

/// Fills the slowest requests and the median one, token by token.
void add_slowest(std::span<const record::RequestRecord> records, TrialDetail& into);

}  // namespace tokamark::detail
