#pragma once

#include <map>
#include <string>
#include <vector>

#include "advice/cases.h"

namespace tokamark::advice {

/// The loads at which one engine is ahead of all others by one metric on one workload, ascending;
/// at least one.
using WinnerGroup = std::vector<const WinnerCase*>;

using Fields = std::map<std::string, std::string, std::less<>>;

/// The names that `winner_fields` gives.
const std::vector<std::string>& winner_field_names();

/// What a recommendation says of a group beside the rule's own sentence: margins with intervals,
/// where the engine is behind, what is not resolved, SLO, cost, caveats, what was not tested. Each
/// is empty or one or more sentences with a space before them, except `margins`.
Fields winner_fields(const record::StudyResult& result, const WinnerGroup& group,
                     const std::vector<WinnerCase>& all, const std::vector<PairRow>& rows);

}  // namespace tokamark::advice
