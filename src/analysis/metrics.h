#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

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

/// Whether a request belongs to the measured set.
bool measured(const record::RequestRecord& record);
/// Tokens that a chunk of a request stands for: its own count, or an equal share of the request's
/// count when the chunks were not counted.
double tokens_of(const record::RequestRecord& record, const record::Chunk& chunk);

/// The gaps between tokens of all measured requests in milliseconds, pooled, in any order; one
/// infinite gap for each request that failed.
struct TokenGaps {
  std::vector<double> ms;
  std::string reason;  ///< why gaps between chunks are not gaps between tokens; then `ms` is empty
};
TokenGaps token_gaps(std::span<const record::RequestRecord> records);

/// Single-request formulas in milliseconds; infinite when the request did not succeed.
double ttft_ms(const record::RequestRecord& record);
double ttft_wire_ms(const record::RequestRecord& record);
double e2e_ms(const record::RequestRecord& record);
/// Empty with fewer than two output tokens.
std::optional<double> tpot_ms(const record::RequestRecord& record);
/// Whether a request meets every limit.
bool meets(const Slo& slo, const record::RequestRecord& record);

}  // namespace tokamark::analysis
