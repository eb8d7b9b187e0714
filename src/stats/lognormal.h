#pragma once

#include <optional>
#include <span>

#include "stats/student.h"

namespace tokamark::stats {

/// Interval of the mean of a log-normal distribution: exp(m + s^2 / 2 -+ t sqrt(s^2 / n +
/// s^4 / (2 (n - 1)))), m and s^2 the mean and variance of the logarithms, t of n - 1 degrees of
/// freedom (Cox's interval with Student's t; Olsson, Confidence Intervals for the Mean of a
/// Log-Normal Distribution, Journal of Statistics Education 13(1), 2005). For few, skewed values,
/// where Student's interval of the mean covers too little. Values > 0 in any order; empty with
/// fewer than two.
std::optional<Interval> lognormal_mean_interval(std::span<const double> values,
                                                double confidence = kConfidence);

}  // namespace tokamark::stats
