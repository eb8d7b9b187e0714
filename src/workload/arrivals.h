#pragma once

#include <cstdint>
#include <vector>

#include "base/clock.h"
#include "workload/schedule.h"

namespace tokamark::workload {

/// Bound on the requests of one schedule; a study that asks for more is refused.
inline constexpr std::size_t kMaxArrivals = 5'000'000;

/// The due times of an open load in [0, length): running sums of independent gaps with mean
/// 1/rate, the first arrival one gap after the start. Gaps are equal (`constant`), exponential
/// (`poisson`) or gamma with shape 1/cv^2 (`gamma`). The offsets are not rescaled to end on
/// count/rate, so the count itself is random, as it is in a Poisson process. Deterministic in
/// `seed`. `load.kind` must be open and the rate above 0. Stops at kMaxArrivals.
std::vector<base::Nanos> arrival_offsets(const LoadShape& load, base::Nanos length,
                                         std::uint64_t seed);

}  // namespace tokamark::workload
