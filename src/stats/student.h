#pragma once

#include <cstddef>
#include <optional>
#include <span>

namespace tokamark::stats {

/// Confidence of every interval unless said otherwise.
inline constexpr double kConfidence = 0.95;

struct Interval {
  double low = 0.0, high = 0.0;
};

/// The p-quantile of Student's t with `dof` > 0 degrees of freedom; 0 < p < 1.
double t_quantile(double p, double dof);

/// A mean (or a difference of means) with its Student interval.
struct MeanInterval {
  double mean = 0.0, low = 0.0, high = 0.0;
  double standard_error = 0.0;
  double dof = 0.0;
  double p = 1.0;  ///< two-sided, of a mean this far from 0 if the true one is 0
};

/// One-sample t interval of n >= 2 finite values; empty with fewer. Without any spread the interval
/// is a point, and p is 0, or 1 where the mean is 0.
std::optional<MeanInterval> t_interval(std::span<const double> values,
                                       double confidence = kConfidence);

/// mean(a) - mean(b) of independent samples, two or more values each, by Welch's t interval (Welch
/// 1947) with Satterthwaite's degrees of freedom; empty with fewer.
std::optional<MeanInterval> welch_interval(std::span<const double> a, std::span<const double> b,
                                           double confidence = kConfidence);

/// Unbiased variance (n - 1); requires n >= 2.
double variance(std::span<const double> values);

}  // namespace tokamark::stats
