#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include "stats/student.h"

namespace tokamark::stats {

/// Least runs for a bootstrap (methodology M26): with fewer its intervals are too narrow.
inline constexpr std::size_t kLeastBootstrapRuns = 12;

/// Percentile-bootstrap interval (Efron 1979) of a statistic of whole runs: `statistic` is called
/// with resampled indices of `runs`, 10,000 times. For statistics without a t form, and
/// approximate. Empty with fewer than 12 runs. The same seed gives the same interval.
std::optional<Interval> bootstrap_runs(
    std::size_t runs, const std::function<double(std::span<const std::size_t>)>& statistic,
    std::uint64_t seed, double confidence = kConfidence);

}  // namespace tokamark::stats
