#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "comparison/metric.h"
#include "record/result.h"
#include "stats/student.h"

namespace tokamark::comparison {

/// What the runs say of two engines (methodology M23).
enum class Verdict { different, equivalent, not_resolved };

const char* to_word(Verdict verdict);

/// One engine, workload, load and metric over its starts: the typical run (docs/METRICS.md).
struct Estimate {
  std::string engine, workload;
  workload::LoadShape load;
  std::string metric;
  std::size_t starts = 0;                        ///< R: starts with a value, each its own block
  std::size_t runs = 0;                          ///< trials behind them
  std::optional<double> median;                  ///< of the starts' values
  std::optional<stats::Interval> sign_interval;  ///< of the median; needs six starts
  std::optional<stats::Interval> t_interval;     ///< of the geometric mean; needs five starts
  std::optional<double> sd_log;                  ///< between starts, of the logs
  /// Share of the variance of logs that is between starts; needs several runs a start.
  std::optional<double> between_starts_share;
  std::string reason;  ///< why `median` is empty
};

/// Two engines at one load of one workload.
struct Comparison {
  std::string metric, workload;
  workload::LoadShape load;
  std::string a, b;
  bool paired = true;                       ///< block by block; else Welch's t of unpaired runs
  bool primary = false;                     ///< declared before the study; only these make winners
  std::size_t blocks = 0;                   ///< R: blocks in which both have a valid value
  std::size_t a_greater = 0;                ///< of those
  std::optional<double> a_value, b_value;   ///< geometric means over those blocks
  std::optional<double> ratio;              ///< a / b, of these
  std::optional<stats::Interval> interval;  ///< 95 % t interval of the ratio; needs five blocks
  std::optional<double> p, p_adjusted;      ///< of no difference; Holm over the family
  std::optional<double> sd_log;             ///< of the blocks\' log ratios; needs two
  /// Half-width of the interval, as a share: what this many blocks could resolve.
  std::optional<double> resolution;
  Verdict verdict = Verdict::not_resolved;
  std::string better;    ///< a's or b's name; empty unless different
  bool refused = false;  ///< nothing may be concluded, whatever the numbers; `reason` says why
  std::string reason;    ///< why it is not resolved; empty otherwise
  std::vector<std::string> caveats;
};

/// Everything that the study's runs say, in the study's order; comparisons pair engines of one arm.
struct StudyComparison {
  std::vector<Estimate> estimates;
  std::vector<Comparison> comparisons;
};

/// Reads trials, study, manifest and fairness of the result; pure.
StudyComparison compare_engines(const record::StudyResult& result);

/// Fills `estimates` and `comparisons` of the result from what else it holds.
void add_comparisons(record::StudyResult& result);

/// The metrics that the study declared as primary (`comparison.primary`), else output tokens/s,
/// TTFT and TPOT p50, and goodput where there is an SLO.
std::vector<std::string> primary_metrics(const record::StudyResult& result);

/// Whether the metric compares anything under this load.
bool applies(const Metric& metric, const workload::LoadShape& load);

/// `estimates[]` and `comparisons[]` of results.json (docs/RESULT_FORMAT.md).
nlohmann::json to_json(const Estimate& estimate);
nlohmann::json to_json(const Comparison& comparison);

}  // namespace tokamark::comparison
