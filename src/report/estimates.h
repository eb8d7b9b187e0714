#pragma once

#include <optional>
#include <string>
#include <vector>

#include "record/result.h"
#include "report/table.h"
#include "report/verdicts.h"

namespace tokamark::report {

/// One entry of `estimates` of results.json, as docs/RESULT_FORMAT.md describes it.
struct EstimateRow {
  std::string engine, workload, metric;
  workload::LoadShape load;
  std::size_t blocks = 0, runs = 0;
  std::optional<double> median;
  std::optional<CellInterval> interval;  ///< of the median
  std::optional<double> sd_log;
  std::string reason;  ///< why `median` is empty
};

/// The entries, in order. Never fails: one without names or a load is left out.
std::vector<EstimateRow> estimate_rows(const record::StudyResult& result);

/// Null where there is none.
const EstimateRow* find_estimate(const std::vector<EstimateRow>& rows, const std::string& engine,
                                 const std::string& workload, const std::string& load,
                                 const std::string& metric);

/// The value with its interval: "12.3 [12.1, 12.6]".
TableCell estimate_cell(std::optional<double> value, std::optional<CellInterval> interval);

/// What the repeats say: every engine, load and metric with its interval and its spread between
/// blocks. `primary` are the metrics that comparisons call so.
Table estimate_table(const record::StudyResult& result, Metrics metrics);

}  // namespace tokamark::report
