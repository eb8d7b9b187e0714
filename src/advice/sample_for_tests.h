#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "record/result.h"

namespace tokamark::advice {

/// A made-up study of which no rule has anything to say: engines a and b at concurrency 1 and 8 of
/// the salted workload "chat", one valid trial each, no server counters, no SLO, no comparisons.
/// Output tokens/s grow from 100 to 400, TTFT p50 from 20 to 22 ms.
record::StudyResult quiet_study();

/// Changes every trial, or those of one engine or at one concurrency.
using Change = std::function<void(record::TrialResult&)>;
void change_all(record::StudyResult& result, const Change& change);
void change_engine(record::StudyResult& result, const std::string& engine, const Change& change);
void change_load(record::StudyResult& result, std::uint32_t concurrency, const Change& change);

/// An entry of `comparisons`: nine blocks, primary, workload "chat".
struct PairSample {
  std::string metric = "ttft_p99_ms";
  std::uint32_t concurrency = 8;
  std::string a = "a", b = "b";
  double ratio = 0.88, low = 0.84, high = 0.92;
  std::string better = "a";  ///< empty = not resolved
};
nlohmann::json pair_entry(const PairSample& sample);

/// The rules of all recommendations, in order.
std::vector<std::string> rules_of(const nlohmann::json& recommendations);

}  // namespace tokamark::advice
