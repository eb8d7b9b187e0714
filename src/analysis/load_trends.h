#pragma once

#include <optional>
#include <span>

#include "analysis/trial_facts.h"
#include "record/request_record.h"

namespace tokamark::analysis {

/// Whether load and latency rise over the window (methodology M16): one-sided p of the slopes over
/// the means of its 20 equal parts. Empty where a part has no succeeded request, or fewer than 100
/// were scheduled: so few make no trend.
struct LoadTrends {
  std::optional<double> in_flight_p;      ///< of requests in flight, time-averaged
  std::optional<double> ttft_p;           ///< of TTFT, of the requests scheduled in the part
  std::optional<double> ttft_rise_share;  ///< of the line through TTFT over the window, of its mean
};
LoadTrends load_trends(const TrialFacts& facts, std::span<const record::RequestRecord> records);

}  // namespace tokamark::analysis
