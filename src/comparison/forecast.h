#pragma once

#include <string>
#include <vector>

#include "comparison/comparison.h"
#include "record/result.h"

namespace tokamark::comparison {

/// What a number of blocks is likely to resolve of one primary comparison, from pilot blocks.
struct Forecast {
  std::string metric, workload, a, b;
  workload::LoadShape load;
  std::size_t pilot_blocks = 0;
  /// Half-width of the ratio's 95 % interval, as a share, with the upper 80 % bound of the pilot's
  /// spread (methodology M25): kept in about 86 % of studies from three pilot blocks.
  double resolution = 0.0;
};

/// For every primary comparison of the result with two blocks or more that nothing refuses, at
/// `blocks` >= 2 blocks; the coarsest first.
std::vector<Forecast> forecast(const record::StudyResult& result, std::size_t blocks);

/// How one engine's time is spent best by one primary metric: `runs` of every load within a start.
struct Split {
  std::string engine, metric, workload;
  workload::LoadShape load;
  double between_starts_share = 0.0;  ///< of the variance of logs
  std::size_t runs = 1;
};

/// Kalibera and Jones' split between starts and runs (stats::best_runs_per_start), for every engine
/// and primary metric with two starts or more of two runs or more. `start_s` and `run_s` are what a
/// start and a run of all its loads cost, in seconds.
std::vector<Split> best_splits(const record::StudyResult& result, double start_s, double run_s);

/// One line: "9 blocks can tell ttft_p50_ms of a and b (chat c=4) apart above +-2.1 %".
std::string to_text(const Forecast& forecast, std::size_t blocks);

}  // namespace tokamark::comparison
