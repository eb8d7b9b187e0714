#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "record/result.h"

namespace tokamark::comparison {

/// Which direction is an improvement.
enum class Better { lower, higher };

/// A number of a trial that engines are compared by. Its name ends in its unit and means one
/// formula of docs/METRICS.md.
struct Metric {
  std::string_view name;  ///< "ttft_p99_ms"
  Better better = Better::lower;
  /// An open load sets it, so that it compares nothing there.
  bool set_by_open_load = false;
};

/// All of them, in the order of tables.
std::span<const Metric> all_metrics();
/// Null when there is none of that name.
const Metric* find_metric(std::string_view name);

/// A value, or why there is none.
struct Reading {
  std::optional<double> value;
  std::string reason;  ///< set when `value` is empty
};

/// The trial's value. Cost needs the price of the machine, in US dollars an hour.
Reading read(const Metric& metric, const record::TrialResult& trial,
             std::optional<double> price_per_hour_usd);

}  // namespace tokamark::comparison
