#include "comparison/forecast.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "comparison/series.h"
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

std::vector<Split> best_splits(const record::StudyResult& result, double start_s, double run_s) {
  std::vector<Split> found;
  const auto primary = primary_metrics(result);
  for (const EngineTrials& trials : group_trials(result, engine_names(result))) {
    for (const Metric& metric : all_metrics()) {
      if (std::find(primary.begin(), primary.end(), metric.name) == primary.end()) continue;
      std::vector<std::vector<double>> starts;
      for (const auto& [block, logs] : make_series(trials, metric, price_of(result)).logs) {
        starts.push_back(logs);
      }
      const auto levels = stats::level_variances(starts);
      if (!levels) continue;
      found.push_back({trials.engine, std::string(metric.name), trials.workload, trials.load,
                       levels->between_share(),
                       stats::best_runs_per_start(*levels, start_s, run_s)});
    }
  }
  return found;
}

std::string to_text(const Forecast& forecast, std::size_t blocks) {
  return fmt::format("{} blocks can tell {} of {} and {} ({} {}) apart above +-{:.1f} %", blocks,
                     forecast.metric, forecast.a, forecast.b, forecast.workload,
                     forecast.load.label(), 100.0 * forecast.resolution);
}

}  // namespace tokamark::comparison
