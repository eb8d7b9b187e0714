#include "stats/precision.h"

#include <algorithm>
#include <boost/math/distributions/chi_squared.hpp>
#include <cmath>

#include "base/assert.h"
#include "stats/quantile.h"
#include "stats/student.h"

namespace tokamark::stats {

double resolution(double sd, std::size_t n) {
  TOKAMARK_ASSERT(n >= 2);
  const auto runs = static_cast<double>(n);
  return t_quantile(0.5 + kConfidence / 2.0, runs - 1.0) * sd / std::sqrt(runs);
}

double sd_upper_bound(double sd, std::size_t dof) {
  TOKAMARK_ASSERT(dof >= 1);
  constexpr double kBelow = 0.2;
  const auto nu = static_cast<double>(dof);
  return sd *
         std::sqrt(nu / boost::math::quantile(boost::math::chi_squared_distribution<>(nu), kBelow));
}

std::optional<std::size_t> runs_for(double half_width, double sd) {
  constexpr std::size_t kMost = 10'000;
  for (std::size_t n = 2; n <= kMost; ++n) {
    if (resolution(sd, n) <= half_width) return n;
  }
  return std::nullopt;
}

double LevelVariances::between_share() const {
  const double total = within_start + between_starts;
  return total > 0.0 ? between_starts / total : 0.0;
}

std::optional<LevelVariances> level_variances(const std::vector<std::vector<double>>& starts) {
  if (starts.size() < 2) return std::nullopt;
  std::vector<double> means, variances;
  double inverse_runs = 0.0;
  for (const std::vector<double>& runs : starts) {
    if (runs.size() < 2) return std::nullopt;
    means.push_back(mean(runs));
    variances.push_back(variance(runs));
    inverse_runs += 1.0 / static_cast<double>(runs.size()) / static_cast<double>(starts.size());
  }
  LevelVariances levels;
  levels.within_start = mean(variances);
  levels.between_starts = std::max(0.0, variance(means) - levels.within_start * inverse_runs);
  return levels;
}

std::size_t best_runs_per_start(const LevelVariances& variances, double start_cost,
                                double run_cost) {
  constexpr double kMost = 100.0;
  if (variances.between_starts <= 0.0) return static_cast<std::size_t>(kMost);
  const double best = std::ceil(
      std::sqrt(start_cost / run_cost * variances.within_start / variances.between_starts));
  return static_cast<std::size_t>(std::clamp(best, 1.0, kMost));
}

}  // namespace tokamark::stats
