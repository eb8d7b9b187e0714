#pragma once

#include <span>

#include "analysis/trial_facts.h"
#include "record/request_record.h"
#include "record/result.h"

namespace tokamark::analysis {

/// Latencies, rates and counts of one trial by the formulas of docs/METRICS.md (methodology
/// section 4). `records` are all records of the trial, any order. Requests scheduled in the window
/// make the latencies; a failed or timed-out one counts as infinite and stays in n.
record::TrialMetrics compute_metrics(const TrialFacts& facts,
                                     std::span<const record::RequestRecord> records);
record::TrialCounts compute_counts(std::span<const record::RequestRecord> records);
record::TrialClient compute_client(const TrialFacts& facts,
                                   std::span<const record::RequestRecord> records);

/// Single-request formulas in milliseconds; infinite when the request did not succeed.
double ttft_ms(const record::RequestRecord& record);
double ttft_wire_ms(const record::RequestRecord& record);
double e2e_ms(const record::RequestRecord& record);
/// Empty with fewer than two output tokens.
std::optional<double> tpot_ms(const record::RequestRecord& record);
/// Whether a request meets every limit.
bool meets(const Slo& slo, const record::RequestRecord& record);

}  // namespace tokamark::analysis
