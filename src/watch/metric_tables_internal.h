#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "record/result.h"
#include "watch/snapshot.h"

namespace tokamark::watch {

using Value = std::optional<double>;

/// A metric family of OpenMetrics; `unit` is empty or ends its name.
struct Family {
  std::string_view name, type, unit, help;
};

/// A gauge with one value for the whole study.
struct StudyGauge {
  Family family;
  Value (*value)(const Snapshot&);
};

/// A gauge with a value for the newest trial of each engine, workload and load.
struct TrialGauge {
  Family family;
  Value (*value)(const record::TrialResult&);
};

std::span<const StudyGauge> study_gauges();
std::span<const TrialGauge> trial_gauges();

/// Milliseconds in the base unit.
Value in_seconds(const Value& ms);

}  // namespace tokamark::watch
