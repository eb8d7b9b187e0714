#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "comparison/metric.h"
#include "record/result.h"

namespace tokamark::comparison {

/// The trials of one engine at one load of one workload, by block (repeat) and run. Points into the
/// result it was made from.
struct EngineTrials {
  std::string engine, workload;
  workload::LoadShape load;
  std::vector<const record::TrialResult*> trials;
};

/// One entry for each engine, workload and load; workloads and loads in the order of the trials,
/// engines in that of `engines`, those that it does not name left out.
std::vector<EngineTrials> group_trials(const record::StudyResult& result,
                                       const std::vector<std::string>& engines);

/// Values of one metric over an engine's starts, as natural logarithms.
struct Series {
  /// By block: the runs of that start, in order.
  std::map<std::uint32_t, std::vector<double>> logs;
  /// Why there are none: the first trial's reason that has no value, or is not valid. A series is
  /// whole or empty, for what is left without the worst run would flatter.
  std::string reason;

  [[nodiscard]] std::size_t runs() const;
  /// One value a start: the mean of its runs' logs.
  [[nodiscard]] std::map<std::uint32_t, double> starts() const;
};

Series make_series(const EngineTrials& trials, const Metric& metric,
                   std::optional<double> price_per_hour_usd);

/// `hardware.price_per_hour_usd` of the study.
std::optional<double> price_of(const record::StudyResult& result);

/// Names of the study's engines in its order; with attached servers as well.
std::vector<std::string> engine_names(const record::StudyResult& result);

}  // namespace tokamark::comparison
