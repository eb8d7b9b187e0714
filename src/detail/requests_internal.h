#pragma once

#include <span>

#include "analysis/trial_facts.h"
#include "detail/detail.h"

namespace tokamark::detail {

/// Fills the rows of the waterfall and the errors over time; the timeline is set already.
void add_requests(const analysis::TrialFacts& facts, std::span<const record::RequestRecord> records,
                  TrialDetail& into);

/// Fills the slowest requests and the median one, token by token.
void add_slowest(std::span<const record::RequestRecord> records, TrialDetail& into);

}  // namespace tokamark::detail
