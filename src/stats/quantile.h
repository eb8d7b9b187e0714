#pragma once

#include <cstddef>
#include <span>

namespace tokamark::stats {

/// Nearest-rank quantile of ascending values: x_(ceil(q n)), 1-based. Requires n > 0 and
/// 0 < q <= 1. Infinite values are allowed and rank last.
double nearest_rank(std::span<const double> ascending, double q);

/// Least number of samples for which a quantile is shown: 10 / (1 - q), so that ten samples lie
/// beyond it (methodology M20): p50 20, p90 100, p95 200, p99 1,000.
std::size_t sample_floor(double q);

/// Arithmetic mean; requires n > 0. Kahan-compensated, so that the order of millions of values
/// does not show.
double mean(std::span<const double> values);

/// Median of a few run-level values (mean of the two middle ones when even). Requires n > 0.
double median(std::span<const double> values);

}  // namespace tokamark::stats
