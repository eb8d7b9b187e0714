#pragma once

#include <cstddef>
#include <span>

namespace tokamark::run {

/// Probes in one of the two windows that are compared (methodology M14, step i).
inline constexpr std::size_t kWarmWindow = 20;
/// Most probes before an engine that does not settle is called never warm.
inline constexpr std::size_t kMostWarmProbes = 200;

/// Whether the mean of the newest 20 values lies within `tolerance`, a share, of that of the 20
/// before. False with fewer than 40. Values are times per output token of single requests, in
/// order; all positive.
bool is_warm(std::span<const double> values, double tolerance);

}  // namespace tokamark::run
