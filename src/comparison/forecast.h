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

/// One line: "9 blocks can tell ttft_p50_ms of a and b (chat c=4) apart above +-2.1 %".
std::string to_text(const Forecast& forecast, std::size_t blocks);

}  // namespace tokamark::comparison
