#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace tokamark::engine {

/// One line of a Prometheus text exposition.
struct MetricSample {
  std::string name;  ///< with its suffix: "x_bucket", "x_sum", "x_total"
  std::map<std::string, std::string> labels;
  double value = 0.0;  ///< may be NaN or infinite
  std::optional<std::int64_t> timestamp_ms;
};

/// A scraped page: its samples in order, and the TYPE of each family that states one.
struct MetricsPage {
  std::vector<MetricSample> samples;
  std::map<std::string, std::string> types;  ///< family name -> counter, gauge, histogram, ...

  /// Sum over every label set of the name; empty when the page has no such sample or a value is
  /// not finite.
  [[nodiscard]] std::optional<double> sum(std::string_view name) const;
  /// The same for a ratio: the mean over the label sets.
  [[nodiscard]] std::optional<double> mean(std::string_view name) const;
};

/// Parses the Prometheus text format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats)
/// and the line ends of OpenMetrics (exemplars, "# EOF"). Pure function. An error of kind
/// `network` names the line number and what was found there.
base::Result<MetricsPage> parse_prometheus(std::string_view text);

}  // namespace tokamark::engine
