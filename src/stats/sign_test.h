#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "stats/student.h"

namespace tokamark::stats {

/// Two-sided sign test: probability, if both directions are equally likely, of a split of n signs
/// at least as uneven as `positive` of n. Requires positive <= n; 1 for n = 0.
double sign_test_p(std::size_t positive, std::size_t n);

/// Interval of the median of the distribution that the values come from: [x_(k), x_(n+1-k)] with
/// the greatest k such that 2 P(Bin(n, 1/2) < k) <= 1 - confidence (methodology M19; Conover,
/// Practical Nonparametric Statistics, section 3.2). Empty where no k >= 1 does: at 95 %, below six
/// values. Values in any order; infinite ones are allowed and rank last.
std::optional<Interval> sign_interval(std::span<const double> values,
                                      double confidence = kConfidence);

}  // namespace tokamark::stats
