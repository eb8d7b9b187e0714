#pragma once

#include <nlohmann/json.hpp>

#include "record/result.h"

namespace tokamark::advice {

/// `recommendations` of results.json (docs/RESULT_FORMAT.md), from the result's trials, study,
/// fairness, `estimates` and `comparisons`: winners (methodology M24), then advice for each engine,
/// then for the study, by the rules of rules.yaml. Pure. Never names a winner that the verdicts
/// `different` of `comparisons` do not carry; what is not known fires no rule. Empty when there is
/// nothing to recommend.
nlohmann::json recommend(const record::StudyResult& result);

}  // namespace tokamark::advice
