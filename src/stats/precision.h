#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace tokamark::stats {

/// Half-width of the 95 % t interval of a mean of n values with standard deviation `sd`:
/// t(0.975, n - 1) sd / sqrt(n). Requires n >= 2.
double resolution(double sd, std::size_t n);

/// Upper 80 % confidence bound of a standard deviation estimated with `dof` degrees of freedom:
/// sd sqrt(dof / chi2(0.2, dof)) (methodology M25). Requires dof >= 1.
double sd_upper_bound(double sd, std::size_t dof);

/// Least n >= 2 whose resolution is at most `half_width`; empty above 10,000.
std::optional<std::size_t> runs_for(double half_width, double sd);

/// Variance between the starts of an engine and between the runs of one start (Kalibera and Jones,
/// Rigorous Benchmarking in Reasonable Time, ISMM 2013): S1^2 is the mean of the starts' variances,
/// S2^2 that of their means, T1^2 = S1^2 and T2^2 = S2^2 - S1^2 / r1, at least 0.
struct LevelVariances {
  double within_start = 0.0;    ///< T1^2
  double between_starts = 0.0;  ///< T2^2
  /// T2^2 / (T1^2 + T2^2); 0 where both are 0.
  [[nodiscard]] double between_share() const;
};

/// One inner vector a start. Empty with fewer than two starts, or fewer than two runs in any. Where
/// starts have unequal numbers of runs, r1 is their harmonic mean.
std::optional<LevelVariances> level_variances(const std::vector<std::vector<double>>& starts);

/// Runs a start that spend a budget best: ceil(sqrt((start_cost / run_cost) (T1^2 / T2^2))), at
/// least 1 and at most 100 (Kalibera and Jones, section 7). Costs in any one unit, > 0.
std::size_t best_runs_per_start(const LevelVariances& variances, double start_cost,
                                double run_cost);

}  // namespace tokamark::stats
