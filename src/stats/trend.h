#pragma once

#include <optional>
#include <span>

namespace tokamark::stats {

/// Least-squares line through values at 0, 1, 2, ...
struct Trend {
  double slope = 0.0;
  /// Probability of such a slope or a greater one if there were no trend: one-sided t test with
  /// n - 2 degrees of freedom (Draper and Smith, Applied Regression Analysis, section 1.4).
  double rising_p = 1.0;
};

/// The trend of at least three finite values; empty with fewer.
std::optional<Trend> trend(std::span<const double> values);

}  // namespace tokamark::stats
