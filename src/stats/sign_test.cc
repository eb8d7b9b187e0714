#include "stats/sign_test.h"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <vector>

#include "base/assert.h"

namespace tokamark::stats {

namespace {

/// P(Bin(n, 1/2) <= k).
double at_most(std::size_t k, std::size_t n) {
  return boost::math::cdf(boost::math::binomial_distribution<>(static_cast<double>(n), 0.5),
                          static_cast<double>(k));
}

}  // namespace

double sign_test_p(std::size_t positive, std::size_t n) {
  TOKAMARK_ASSERT(positive <= n);
  if (n == 0) return 1.0;
  return std::min(1.0, 2.0 * at_most(std::min(positive, n - positive), n));
}

std::optional<Interval> sign_interval(std::span<const double> values, double confidence) {
  std::vector<double> ascending(values.begin(), values.end());
  std::sort(ascending.begin(), ascending.end());
  const std::size_t n = ascending.size();
  std::size_t k = 0;  // P(Bin < k) is P(Bin <= k - 1)
  while (k < n / 2 && 2.0 * at_most(k, n) <= 1.0 - confidence) ++k;
  if (k == 0) return std::nullopt;
  return Interval{ascending[k - 1], ascending[n - k]};
}

}  // namespace tokamark::stats
