#pragma once

#include <span>
#include <vector>

#include "analysis/trial_facts.h"
#include "record/request_record.h"
#include "record/result.h"

namespace tokamark::analysis {

/// Limits behind the verdict codes; docs/METRICS.md, "Verdicts", gives each one's source.
struct Thresholds {
  double lateness_floor_ms = 1.0;        ///< client_late: p99 above max(this, ...
  double lateness_share_of_ttft = 0.01;  ///< ... this share of the median TTFT)
  double late_share = 0.001;             ///< client_late: share of sends over 5 ms late
  double rate_error = 0.01;              ///< client_late: sent against scheduled rate
  double error_share = 0.01;             ///< errors
  double off_length_share = 0.01;        ///< unequal_output
  double unstreamed_share = 0.5;         ///< not_streaming: share of long answers ...
  double unstreamed_span = 0.05;         ///< ... whose tokens all came in this end of the time
  double calibration_share = 0.02;       ///< client_inaccurate: p99 error above this share of p50
  double calibration_floor_ms = 0.05;    ///< ... and above this, which loopback itself can reach
  double limited_share = 0.02;           ///< client_limited: TTFT over wire TTFT at p99
  double held_share = 0.95;              ///< client_limited: mean in flight over asked, closed
  double cached_share = 0.01;            ///< cache_warm
  double token_share = 0.02;             ///< token_count_mismatch
  std::int64_t unstreamed_least_tokens = 32;
};

/// The finished summary of a trial: metrics, counts, client costs and the verdict with its codes.
record::TrialResult analyse(const TrialFacts& facts, std::span<const record::RequestRecord> records,
                            const Thresholds& thresholds = {});

}  // namespace tokamark::analysis
