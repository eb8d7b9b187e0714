#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "analysis/trial_facts.h"
#include "detail/detail.h"

namespace tokamark::detail {

/// Where the trial's start lies on the telemetry's clock: between both, by the phases that samples
/// carry (they change at the load's start and at the window's edges).
struct ClockPlace {
  double low_s = 0.0, high_s = 0.0;
  [[nodiscard]] double middle_s() const { return (low_s + high_s) / 2.0; }
  [[nodiscard]] double within_s() const { return (high_s - low_s) / 2.0; }
};

/// Fills the timeline: the client's series from records, the others from the telemetry's text.
void add_timeline(const analysis::TrialFacts& facts, std::span<const record::RequestRecord> records,
                  std::string_view telemetry, Timeline& into);

/// Fills the server's and the machine's series; edges and bins of `into` are set already.
void add_telemetry(const analysis::TrialFacts& facts, std::string_view telemetry, Timeline& into);

}  // namespace tokamark::detail
