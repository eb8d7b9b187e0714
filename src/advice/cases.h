#pragma once

#include <string>
#include <vector>

#include "advice/facts.h"
#include "advice/pair_row.h"
#include "record/result.h"

namespace tokamark::advice {

/// What is known of one engine at one load of one workload. Numbers are medians over the valid
/// trials or, where none is valid, over all; a fact that any of those lacks is not known.
struct EngineCase {
  std::string engine, workload;
  workload::LoadShape load;
  Facts facts;
};

/// By workload, then engine, then ascending load; all of them that have trials.
std::vector<EngineCase> engine_cases(const record::StudyResult& result);

/// An engine that is better than every other engine of its arm with trials at this load, by a
/// metric that was declared primary (methodology M24): each pair is `different`.
struct WinnerCase {
  std::string engine, workload, metric;
  workload::LoadShape load;
  Facts facts;                       ///< the engine's, the runner-up's, and of their comparison
  std::vector<const PairRow*> rows;  ///< against each other engine
};

/// By workload, metric, engine and ascending load. Points into `rows`.
std::vector<WinnerCase> winner_cases(const record::StudyResult& result,
                                     const std::vector<PairRow>& rows,
                                     const std::vector<EngineCase>& engines);

/// Facts of the study as a whole.
Facts study_facts(const record::StudyResult& result, const std::vector<PairRow>& rows);

/// The arm that an engine takes part in; empty where the study has none.
std::string arm_of(const record::StudyResult& result, const std::string& engine);

/// One entry of `estimates` of results.json, or null.
const nlohmann::json* find_estimate(const record::StudyResult& result, const EngineCase& place,
                                    std::string_view metric);

/// Labels of the loads of a workload with trials, ascending.
std::vector<std::string> loads_of(const record::StudyResult& result, const std::string& workload);

/// The study's limits in words, "TTFT 200 ms and TPOT 20 ms"; empty without an SLO.
std::string slo_text(const record::StudyResult& result);

}  // namespace tokamark::advice
