#pragma once

#include <optional>
#include <string>
#include <vector>

#include "record/result.h"
#include "report/estimates.h"
#include "report/rows.h"

namespace tokamark::report {

/// Share of the requests that must be good for a load to meet the SLO, on average over runs
/// (DistServe's goodput; docs/METHODOLOGY.md).
inline constexpr double kAttainmentWanted = 0.9;

/// One engine under one workload and kind of load: the highest measured load at which it meets the
/// SLO, with no measured load below that misses it. Loads without a valid run are passed over, and
/// said; one at which half of the runs are `unstable` cannot meet (docs/METHODOLOGY.md).
struct SloStanding {
  std::string engine;
  const Row* row = nullptr;              ///< that load; null where none meets
  std::optional<double> attainment;      ///< there: mean over the valid runs
  bool highest_measured = false;         ///< nothing higher was measured
  std::string reason;                    ///< why `row` is null
  std::vector<std::string> passed_over;  ///< loads below it, or all: "c=8 (invalid: errors)"
};

/// How the engines of one workload and arm stand at the SLO, for closed and open loads apart.
struct AtSlo {
  std::string workload;
  std::string arm;  ///< empty where all engines are of one
  workload::LoadKind kind = workload::LoadKind::closed;
  std::vector<SloStanding> standings;  ///< in the study's order
  std::string best;                    ///< the engine that is resolved to be best; empty = none is
  std::string lead;  ///< one sentence: by how much with its interval, or why it is not resolved
};

/// Empty where the study states no SLO. The rows must outlive it.
std::vector<AtSlo> at_slo(const record::StudyResult& result,
                          const std::vector<WorkloadRows>& workloads);

/// "TTFT 500 ms, TPOT 50 ms, for 90 % of the requests"; empty without an SLO.
std::string slo_sentence(const record::StudyResult& result);

/// The headline: one row an engine at its highest load that meets the SLO, each number with its
/// interval over blocks. The best of a column is marked only where the comparisons resolve it
/// against every other engine that meets the SLO, else a `~` stands there.
Table slo_table(const record::StudyResult& result, const AtSlo& at);

}  // namespace tokamark::report
