#pragma once

#include <cstddef>
#include <span>

namespace tokamark::capacity {

/// What one run at a load gave.
struct Outcome {
  double attainment = 0.0;   ///< share of measured requests that met the SLO, 0 to 1
  std::size_t requests = 0;  ///< measured ones; > 0
  bool overloaded = false;   ///< the engine could not sustain the load
};

/// Least runs from which a load is judged (methodology M27).
inline constexpr std::size_t kLeastRuns = 5;

/// What is asked of a load.
struct Goal {
  double share = 0.90;       ///< least mean attainment, between 0 and 1 (DistServe's goodput: 0.9)
  double confidence = 0.90;  ///< of the interval of the mean, two-sided
};

/// The mean attainment of all runs at a load, with its interval.
struct MeanAttainment {
  double mean = 0.0, low = 0.0, high = 0.0;
};

/// The interval of the mean over runs, cut at 0 and 1. Attainment near capacity has a long tail
/// downwards: most runs go well and a few badly, and Student's interval of five such runs is too
/// sure of the good ones. So it is the share of requests that missed (half a request added, for
/// runs without any) whose mean gets a log-normal interval. It is at least as wide as Student's
/// interval would be if requests were independent, with p (1 - p) / m for a run's variance, m the
/// requests a run and p = (good + 1) / (all + 2), Laplace's estimate: so that equal values, as of
/// short runs that all reached 1, claim no more than their requests support. Requests that share a
/// queue vary together, which only adds. Without two runs the interval is 0 to 1. Requires a run.
MeanAttainment mean_attainment(std::span<const Outcome> runs, double confidence);

enum class Standing { undecided, meets, misses };

/// Whether a load meets the goal. With fewer than five runs it is undecided. It meets when the
/// interval's lower bound reaches the share and fewer than half of the runs were overloaded. It
/// misses when the upper bound is below the share, or all runs were overloaded.
Standing judge(std::span<const Outcome> runs, const Goal& goal);

/// "meets", "misses", "undecided".
const char* to_word(Standing standing);

}  // namespace tokamark::capacity
