#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <span>

#include "analysis/trial_facts.h"
#include "record/request_record.h"
#include "record/result.h"

namespace tokamark::analysis {

/// Time-average over the window of the requests between their first token and their last: the
/// batch that decodes. Empty without a window.
std::optional<double> mean_decoding(const TrialFacts& facts,
                                    std::span<const record::RequestRecord> records);

/// `speed_of_light` of a trial (docs/RESULT_FORMAT.md, formulas in docs/METRICS.md): what the
/// model's and the GPU's facts in `engine_info` allow at most, and what share of it was reached.
/// `trial` has its metrics and checks. A share above 1 stays as it is and is named in
/// `impossible`; what is not known is null, and `reason` says why.
nlohmann::json speed_of_light(const TrialFacts& facts, const record::TrialResult& trial,
                              std::span<const record::RequestRecord> records);

}  // namespace tokamark::analysis
