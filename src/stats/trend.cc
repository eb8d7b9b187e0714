#include "stats/trend.h"

#include <boost/math/distributions/students_t.hpp>
#include <cmath>

#include "stats/quantile.h"

namespace tokamark::stats {

std::optional<Trend> trend(std::span<const double> values) {
  if (values.size() < 3) return std::nullopt;
  const auto n = static_cast<double>(values.size());
  const double mean_x = (n - 1.0) / 2.0;
  const double mean_y = mean(values);
  double sxx = 0.0, sxy = 0.0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double x = static_cast<double>(i) - mean_x;
    sxx += x * x;
    sxy += x * (values[i] - mean_y);
  }
  Trend result;
  result.slope = sxy / sxx;
  double residual = 0.0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double fitted = mean_y + result.slope * (static_cast<double>(i) - mean_x);
    residual += (values[i] - fitted) * (values[i] - fitted);
  }
  const double error = std::sqrt(residual / (n - 2.0) / sxx);
  // Values on a line to the last digits, a constant above all, have no scatter to test against.
  const bool exact = error <= 1e-12 * std::abs(mean_y);
  if (exact) {
    result.rising_p = result.slope > 1e-12 * std::abs(mean_y) ? 0.0 : 1.0;
    return result;
  }
  const boost::math::students_t distribution(n - 2.0);
  result.rising_p = boost::math::cdf(boost::math::complement(distribution, result.slope / error));
  return result;
}

}  // namespace tokamark::stats
