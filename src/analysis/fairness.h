#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "record/result.h"

namespace tokamark::analysis {

/// How a setting stands between the engines of an arm.
enum class Standing {
  equal,
  different,   ///< it decides results, and nobody meant it
  intended,    ///< different, and the study says so
  as_shipped,  ///< different, in an arm of shipped defaults
  remark,      ///< different, and it does not decide what is compared
  unknown,     ///< at least one engine does not tell
};

const char* to_word(Standing standing);

/// Whether the engines did the same work under the same conditions (methodology M8 to M12), from
/// what each said of itself: per arm a table of settings with differences first, and the greedy
/// answers of its trials before and after the load. See docs/RESULT_FORMAT.md, "fairness". An empty
/// object where one engine was measured.
nlohmann::json judge_fairness(const record::StudyResult& result);

/// The arms whose verdict is `unequal`, as "arm: what differs"; empty when there is none.
std::vector<std::string> unequal_arms(const nlohmann::json& fairness);

}  // namespace tokamark::analysis
