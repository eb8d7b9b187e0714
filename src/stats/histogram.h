#pragma once

#include <map>
#include <optional>

namespace tokamark::stats {

/// Observations counted by upper bound, as a Prometheus histogram has them: under each bound the
/// number of observations at or below it, so that values never fall from one bound to the next. The
/// last bound may be infinite.
using CumulativeCounts = std::map<double, double>;

/// A quantile and the bounds of the bucket that holds it, between which it could lie anywhere.
struct BucketQuantile {
  double value = 0.0, low = 0.0, high = 0.0;
};

/// The q-quantile of non-negative observations that are only known by bucket, linear within the
/// bucket that holds it, the first one starting at 0. This is histogram_quantile of Prometheus
/// (prometheus.io/docs/prometheus/latest/querying/functions), except that a quantile above the last
/// finite bound is empty here, where Prometheus gives that bound. Empty also without observations.
/// Requires 0 < q <= 1.
std::optional<BucketQuantile> bucket_quantile(const CumulativeCounts& counts, double q);

}  // namespace tokamark::stats
