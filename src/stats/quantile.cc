#include "stats/quantile.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/assert.h"

namespace tokamark::stats {

double nearest_rank(std::span<const double> ascending, double q) {
  TOKAMARK_ASSERT(!ascending.empty() && q > 0.0 && q <= 1.0);
  const auto n = static_cast<double>(ascending.size());
  // The tolerance keeps 0.95 * 200 = 190.00000000000003 at rank 190.
  const auto rank = static_cast<std::size_t>(std::max(1.0, std::ceil(q * n - 1e-9 * n)));
  return ascending[std::min(rank, ascending.size()) - 1];
}

std::size_t sample_floor(double q) {
  TOKAMARK_ASSERT(q > 0.0 && q < 1.0);
  return static_cast<std::size_t>(std::ceil(10.0 / (1.0 - q) - 1e-6));
}

double mean(std::span<const double> values) {
  TOKAMARK_ASSERT(!values.empty());
  double sum = 0.0;
  double lost = 0.0;
  for (const double value : values) {
    const double corrected = value - lost;
    const double next = sum + corrected;
    lost = (next - sum) - corrected;
    sum = next;
  }
  return sum / static_cast<double>(values.size());
}

double median(std::span<const double> values) {
  TOKAMARK_ASSERT(!values.empty());
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  const std::size_t half = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2.0;
}

}  // namespace tokamark::stats
