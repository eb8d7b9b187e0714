#pragma once

#include <string>
#include <vector>

#include "comparison/series.h"
#include "record/result.h"

namespace tokamark::comparison {

/// What must hold of two engines beside their numbers, and what a reader should know of them.
struct Conditions {
  std::string refusal;  ///< why nothing may be concluded; empty = it may
  std::vector<std::string> caveats;
};

/// Equal work of the two (methodology M8), and a fair arm (M9 to M12).
Conditions conditions_of(const record::StudyResult& result, const EngineTrials& a,
                         const EngineTrials& b);

/// Why the answers' lengths make the work unequal (methodology M8); empty = they do not. `result`
/// defines the workload.
std::string unequal_lengths(const record::StudyResult& result, const EngineTrials& a,
                            const EngineTrials& b);

/// The arm that an engine takes part in; empty where the study has none.
std::string arm_of(const record::StudyResult& result, const std::string& engine);

}  // namespace tokamark::comparison
