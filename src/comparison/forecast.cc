#include "comparison/forecast.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "stats/precision.h"

namespace tokamark::comparison {

std::vector<Forecast> forecast(const record::StudyResult& result, std::size_t blocks) {
  std::vector<Forecast> found;
  for (const Comparison& c : compare_engines(result).comparisons) {
    if (!c.primary || c.refused || !c.sd_log) continue;
    const double sd = stats::sd_upper_bound(*c.sd_log, c.blocks - 1);
    found.push_back({c.metric, c.workload, c.a, c.b, c.load, c.blocks,
                     std::expm1(stats::resolution(sd, blocks))});
  }
  std::stable_sort(found.begin(), found.end(), [](const Forecast& x, const Forecast& y) {
    return x.resolution > y.resolution;
  });
  return found;
}

std::string to_text(const Forecast& forecast, std::size_t blocks) {
  return fmt::format("{} blocks can tell {} of {} and {} ({} {}) apart above +-{:.1f} %", blocks,
                     forecast.metric, forecast.a, forecast.b, forecast.workload,
                     forecast.load.label(), 100.0 * forecast.resolution);
}

}  // namespace tokamark::comparison
