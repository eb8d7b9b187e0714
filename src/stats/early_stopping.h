#pragma once

#include <cstddef>
#include <optional>
#include <span>

namespace tokamark::stats {

/// MLPerf LoadGen's early stopping (mlcommons/inference, loadgen/early_stopping.cc) at confidence
/// 0.99 and tolerance 0. It assumes that requests are independent, which queued ones are not.

/// Least number h of requests within the limit, beside `over` beyond it, for which the p-quantile
/// passes: I(p; h, over + 1) <= 0.01, I the regularised incomplete beta function. 0 < p < 1.
std::size_t early_stopping_within(std::size_t over, double p);

/// Least number of requests for which there is an estimate: p50 11, p90 64, p99 662, p99.9 6,636.
std::size_t early_stopping_floor(double p);

/// The estimate of the p-quantile: with t = max{i : n >= h(i) + i}, the value at index n - t of the
/// ascending ones, counted from 0. Empty below the floor.
std::optional<double> early_stopping_estimate(std::span<const double> ascending, double p);

/// How much more the number of requests over a limit varies between runs than it would if requests
/// were independent: variance of the counts / (n q (1 - q)), q the share over the limit in all runs
/// of n requests each (methodology M21). Empty with fewer than two runs, or where q is 0 or 1.
std::optional<double> variance_inflation(std::span<const double> over_counts, double n);

}  // namespace tokamark::stats
