#include "stats/early_stopping.h"

#include <boost/math/special_functions/beta.hpp>

#include "stats/quantile.h"
#include "stats/student.h"

namespace tokamark::stats {

namespace {

constexpr double kDoubt = 0.01;  ///< 1 - confidence

bool passes(std::size_t within, std::size_t over, double p) {
  return boost::math::ibeta(static_cast<double>(within), static_cast<double>(over) + 1.0, p) <=
         kDoubt;
}

}  // namespace

std::size_t early_stopping_within(std::size_t over, double p) {
  std::size_t high = 1;
  while (!passes(high, over, p)) high *= 2;
  std::size_t low = high / 2;  // fails, or is 0
  while (high - low > 1) {
    const std::size_t middle = low + (high - low) / 2;
    (passes(middle, over, p) ? high : low) = middle;
  }
  return high;
}

std::size_t early_stopping_floor(double p) { return early_stopping_within(1, p) + 1; }

std::optional<double> early_stopping_estimate(std::span<const double> ascending, double p) {
  const std::size_t n = ascending.size();
  if (n < early_stopping_floor(p)) return std::nullopt;
  // h(i) + i rises with i, and t stays below n (1 - p): search between the two.
  std::size_t low = 1, high = n;
  while (high - low > 1) {
    const std::size_t middle = low + (high - low) / 2;
    (n >= early_stopping_within(middle, p) + middle ? low : high) = middle;
  }
  return ascending[n - low];
}

std::optional<double> variance_inflation(std::span<const double> over_counts, double n) {
  if (over_counts.size() < 2 || n <= 0.0) return std::nullopt;
  const double q = mean(over_counts) / n;
  if (q <= 0.0 || q >= 1.0) return std::nullopt;
  return variance(over_counts) / (n * q * (1.0 - q));
}

}  // namespace tokamark::stats
