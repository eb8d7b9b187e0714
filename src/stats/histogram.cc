#include "stats/histogram.h"

#include <cmath>

#include "base/assert.h"

namespace tokamark::stats {

std::optional<BucketQuantile> bucket_quantile(const CumulativeCounts& counts, double q) {
  TOKAMARK_ASSERT(q > 0.0 && q <= 1.0);
  if (counts.empty() || counts.rbegin()->second <= 0.0) return std::nullopt;
  const double rank = q * counts.rbegin()->second;
  double low = 0.0, below = 0.0;
  for (const auto& [bound, count] : counts) {
    if (count >= rank) {
      if (!std::isfinite(bound)) return std::nullopt;
      return BucketQuantile{low + (bound - low) * (rank - below) / (count - below), low, bound};
    }
    low = bound;
    below = count;
  }
  return std::nullopt;
}

}  // namespace tokamark::stats
