#include "run/warmth.h"

#include <cmath>
#include <numeric>

namespace tokamark::run {

bool is_warm(std::span<const double> values, double tolerance) {
  if (values.size() < 2 * kWarmWindow) return false;
  const auto newest = values.last(kWarmWindow);
  const auto before = values.last(2 * kWarmWindow).first(kWarmWindow);
  const double new_sum = std::accumulate(newest.begin(), newest.end(), 0.0);
  const double old_sum = std::accumulate(before.begin(), before.end(), 0.0);
  return std::abs(new_sum - old_sum) <= tolerance * old_sum;
}

}  // namespace tokamark::run
