#include "stats/lognormal.h"

#include <cmath>
#include <vector>

#include "base/assert.h"
#include "stats/quantile.h"

namespace tokamark::stats {

std::optional<Interval> lognormal_mean_interval(std::span<const double> values, double confidence) {
  if (values.size() < 2) return std::nullopt;
  std::vector<double> logs;
  for (const double value : values) {
    TOKAMARK_ASSERT(value > 0.0);
    logs.push_back(std::log(value));
  }
  const auto n = static_cast<double>(logs.size());
  const double s2 = variance(logs);
  const double center = mean(logs) + s2 / 2.0;
  const double error = std::sqrt(s2 / n + s2 * s2 / (2.0 * (n - 1.0)));
  const double half = t_quantile(0.5 + confidence / 2.0, n - 1.0) * error;
  return Interval{std::exp(center - half), std::exp(center + half)};
}

}  // namespace tokamark::stats
