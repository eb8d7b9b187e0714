#include "comparison/ratio.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/assert.h"
#include "stats/quantile.h"
#include "stats/sign_test.h"

namespace tokamark::comparison {

namespace {

void set_interval(const std::optional<stats::MeanInterval>& logs, Ratio& ratio) {
  if (!logs || ratio.blocks < kLeastForInterval) return;
  ratio.interval = stats::Interval{std::exp(logs->low), std::exp(logs->high)};
  ratio.p = logs->p;
  ratio.resolution = std::expm1((logs->high - logs->low) / 2.0);
}

bool holds_zero(const std::optional<stats::MeanInterval>& logs) {
  return logs->low <= 0.0 && logs->high >= 0.0;
}

std::vector<std::size_t> leaned_on(const std::vector<double>& differences) {
  std::vector<std::size_t> found;
  if (differences.size() <= kLeastForInterval || holds_zero(stats::t_interval(differences))) {
    return found;
  }
  for (std::size_t i = 0; i < differences.size(); ++i) {
    std::vector<double> others = differences;
    others.erase(others.begin() + static_cast<std::ptrdiff_t>(i));
    if (holds_zero(stats::t_interval(others))) found.push_back(i);
  }
  return found;
}

}  // namespace

Ratio paired_ratio(std::span<const double> log_a, std::span<const double> log_b) {
  TOKAMARK_ASSERT(log_a.size() == log_b.size());
  Ratio ratio;
  std::vector<double> differences;
  for (std::size_t i = 0; i < log_a.size(); ++i) {
    differences.push_back(log_a[i] - log_b[i]);
    ratio.a_greater += log_a[i] > log_b[i] ? 1 : 0;
    ratio.b_greater += log_b[i] > log_a[i] ? 1 : 0;
  }
  ratio.blocks = differences.size();
  if (differences.empty()) return ratio;
  ratio.a = std::exp(stats::mean(log_a));
  ratio.b = std::exp(stats::mean(log_b));
  ratio.ratio = std::exp(stats::mean(differences));
  if (differences.size() >= 2) ratio.sd_log = std::sqrt(stats::variance(differences));
  set_interval(stats::t_interval(differences), ratio);
  ratio.leaned_on = leaned_on(differences);
  return ratio;
}

Ratio unpaired_ratio(std::span<const double> log_a, std::span<const double> log_b) {
  Ratio ratio;
  ratio.paired = false;
  ratio.blocks = std::min(log_a.size(), log_b.size());
  if (ratio.blocks == 0) return ratio;
  ratio.a = std::exp(stats::mean(log_a));
  ratio.b = std::exp(stats::mean(log_b));
  ratio.ratio = *ratio.a / *ratio.b;
  set_interval(stats::welch_interval(log_a, log_b), ratio);
  return ratio;
}

Judgement judge(const Ratio& ratio, double p_adjusted) {
  if (ratio.blocks < kLeastForVerdict || !ratio.interval || !ratio.ratio) {
    return {false, false, "blocks"};
  }
  if (ratio.interval->low >= 1.0 - kMaterialShare && ratio.interval->high <= 1.0 + kMaterialShare) {
    return {false, true, {}};
  }
  if (p_adjusted > kLargestP) return {false, false, "interval"};
  const std::size_t agreeing = *ratio.ratio > 1.0 ? ratio.a_greater : ratio.b_greater;
  const bool one_way =
      agreeing > ratio.blocks - agreeing && stats::sign_test_p(agreeing, ratio.blocks) <= kLargestP;
  if (ratio.paired && !one_way) return {false, false, "direction"};
  if (std::abs(*ratio.ratio - 1.0) < kMaterialShare) return {false, false, "small"};
  return {true, false, {}};
}

}  // namespace tokamark::comparison
