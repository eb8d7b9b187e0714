#pragma once

#include <cstddef>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "capacity/search.h"
#include "study/study.h"

namespace tokamark::run {

/// What one capacity search found: one engine under one workload.
struct CapacitySearchResult {
  std::string engine, workload;
  workload::LoadKind kind = workload::LoadKind::open;
  capacity::SearchRule rule;
  capacity::Answer answer;
  std::vector<capacity::Level> levels;                ///< ascending
  std::map<double, std::vector<std::string>> trials;  ///< ids by load, in order
  std::string note;                                   ///< what ended the search, beside its end
};

/// What all searches were asked.
struct CapacityAsk {
  capacity::Goal goal;
  double tolerance = 0.10;
  std::size_t most_runs = 60;         ///< of one search
  std::optional<double> most_s;       ///< of one search; no run starts later
  std::optional<double> least, most;  ///< loads allowed; empty = by the search itself
};

/// The word of `outcome` in capacity.json: "resolved", "below_least_tried", "above_greatest_tried",
/// "not_resolved".
const char* outcome_word(const capacity::Answer& answer);

/// capacity.json (docs/RESULT_FORMAT.md).
nlohmann::json capacity_json(const study::Study& study, const CapacityAsk& ask,
                             const std::vector<CapacitySearchResult>& found);

/// A sentence: "8 to 9 requests in flight", "below 0.5 requests/s".
std::string capacity_text(const CapacitySearchResult& found);

/// The table of all searches and of their loads, for a terminal; ends in a newline. Says SIMULATED
/// where an engine is one.
std::string capacity_table(const study::Study& study, const CapacityAsk& ask,
                           const std::vector<CapacitySearchResult>& found);

}  // namespace tokamark::run
