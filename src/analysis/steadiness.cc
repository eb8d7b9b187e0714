#include "analysis/steadiness.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "analysis/metrics.h"
#include "stats/quantile.h"

namespace tokamark::analysis {

namespace {

constexpr std::size_t kLeastRequests = 20;

std::optional<double> drift(const std::vector<double>& logs) {
  if (logs.size() < kLeastRequests) return std::nullopt;
  const std::size_t quarter = logs.size() / 4;
  const std::span<const double> all(logs);
  return stats::mean(all.first(quarter)) - stats::mean(all.last(quarter));
}

std::optional<double> lag_one_correlation(const std::vector<double>& values) {
  if (values.size() < kLeastRequests) return std::nullopt;
  const double mean = stats::mean(values);
  double variance = 0.0, covariance = 0.0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double deviation = values[i] - mean;
    variance += deviation * deviation;
    if (i > 0) covariance += deviation * (values[i - 1] - mean);
  }
  if (variance <= 0.0) return std::nullopt;
  return covariance / variance;
}

}  // namespace

Steadiness compute_steadiness(std::span<const record::RequestRecord> records) {
  std::vector<const record::RequestRecord*> ordered;
  for (const record::RequestRecord& record : records) {
    if (record.phase == record::Phase::measured &&
        record.status == record::RequestStatus::succeeded) {
      ordered.push_back(&record);
    }
  }
  std::stable_sort(ordered.begin(), ordered.end(),
                   [](const auto* a, const auto* b) { return a->scheduled < b->scheduled; });
  std::vector<double> ttft, tpot;
  for (const record::RequestRecord* record : ordered) {
    if (ttft_ms(*record) > 0.0) ttft.push_back(std::log(ttft_ms(*record)));
    const auto pace = tpot_ms(*record);
    if (pace && *pace > 0.0) tpot.push_back(std::log(*pace));
  }
  return {drift(ttft), drift(tpot), lag_one_correlation(ttft)};
}

}  // namespace tokamark::analysis
