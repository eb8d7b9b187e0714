#pragma once

#include <span>
#include <string_view>

#include "analysis/trial_facts.h"
#include "detail/detail.h"
#include "record/request_record.h"

namespace tokamark::detail {

/// The detail of one trial from its facts, all its records (any order) and the text of its
/// telemetry (docs/RESULT_FORMAT.md; may be empty, or cut: what can be read is used). A trial whose
/// window did not open and close has distributions and errors but no timeline and no requests.
TrialDetail compute(const analysis::TrialFacts& facts,
                    std::span<const record::RequestRecord> records, std::string_view telemetry);

}  // namespace tokamark::detail
