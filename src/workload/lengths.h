#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "base/rng.h"

namespace tokamark::workload {

/// A token length: one number, a uniform range, or an empirical quantile table.
struct LengthSpec {
  enum class Kind { fixed, uniform, quantiles };
  Kind kind = Kind::fixed;
  std::uint32_t fixed = 0;
  std::uint32_t low = 0, high = 0;  ///< uniform: both ends included
  /// quantiles: (probability in [0,1], length), rising in both; linear between points
  std::vector<std::pair<double, std::uint32_t>> table;
};

/// One length, in tokens. A quantile table is sampled by inversion: a uniform draw is looked up,
/// linear between points and rounded to the nearest token; draws beyond the first and last
/// probability give the first and last length, so the table is never extrapolated.
std::uint32_t sample_length(const LengthSpec& spec, base::Rng& rng);

/// The least and the greatest length that `sample_length` can return.
std::uint32_t least_length(const LengthSpec& spec);
std::uint32_t greatest_length(const LengthSpec& spec);

}  // namespace tokamark::workload
