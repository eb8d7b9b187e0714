#pragma once

#include <optional>
#include <span>
#include <string>

#include "analysis/trial_facts.h"
#include "record/request_record.h"
#include "record/result.h"

namespace tokamark::analysis {

/// Whether a request got a 200 answer of a single token where more were asked for exactly: a
/// refusal in the clothes of an answer (methodology M17).
bool is_refusal(const TrialFacts& facts, const record::RequestRecord& record);

/// Cached prompt tokens over prompt tokens of the measured requests that say both, after taking
/// off of each the least number of cached tokens of any of them, at most 64, which a common chat
/// template explains. Empty when none says.
std::optional<double> cached_share(std::span<const record::RequestRecord> records);

/// Time-average of requests in flight over the window, from send to end. Empty without a window.
std::optional<double> mean_in_flight(const TrialFacts& facts,
                                     std::span<const record::RequestRecord> records);

/// How the engine's own count of generated tokens contradicts the client's, in words; empty when it
/// does not, or the engine has no counter. `tolerance` is a share; a token a request is allowed on
/// top, since servers differ in whether the one that ends an answer counts.
std::string token_contradiction(const TrialFacts& facts,
                                std::span<const record::RequestRecord> records, double tolerance);

/// Succeeded requests whose events contradict their usage, of those with a usage: more events with
/// text than tokens and the one that ends, or counts in the events that add up to something else.
struct UsageCheck {
  std::int64_t contradictory = 0, all = 0;
};
UsageCheck contradictory_usages(std::span<const record::RequestRecord> records);

/// The numbers that client, server and load are held to.
record::TrialChecks compute_checks(const TrialFacts& facts,
                                   std::span<const record::RequestRecord> records);

}  // namespace tokamark::analysis
