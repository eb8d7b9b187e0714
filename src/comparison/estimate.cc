#include "comparison/estimate.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "comparison/ratio.h"
#include "stats/precision.h"
#include "stats/quantile.h"
#include "stats/sign_test.h"

namespace tokamark::comparison {

Estimate make_estimate(const EngineTrials& trials, const Metric& metric, const Series& series) {
  Estimate estimate;
  estimate.engine = trials.engine;
  estimate.workload = trials.workload;
  estimate.load = trials.load;
  estimate.metric = metric.name;
  estimate.reason = series.reason;
  estimate.starts = series.logs.size();
  estimate.runs = series.runs();
  if (series.logs.empty()) return estimate;
  std::vector<double> logs;
  for (const auto& [block, log] : series.starts()) logs.push_back(log);
  estimate.median = std::exp(stats::median(logs));
  if (const auto sign = stats::sign_interval(logs)) {
    estimate.sign_interval = stats::Interval{std::exp(sign->low), std::exp(sign->high)};
  }
  if (logs.size() >= 2) estimate.sd_log = std::sqrt(stats::variance(logs));
  if (logs.size() >= kLeastForInterval) {
    const auto t = stats::t_interval(logs);
    estimate.t_interval = stats::Interval{std::exp(t->low), std::exp(t->high)};
  }
  std::vector<std::vector<double>> starts;
  for (const auto& [block, runs] : series.logs) starts.push_back(runs);
  if (const auto levels = stats::level_variances(starts)) {
    estimate.between_starts_share = levels->between_share();
  }
  return estimate;
}

}  // namespace tokamark::comparison
