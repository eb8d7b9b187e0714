#include <fmt/core.h>

#include <algorithm>

#include "analysis/judges_internal.h"
#include "analysis/reconcile.h"

namespace tokamark::analysis {

namespace {

using record::RequestRecord;
using record::RequestStatus;

bool measured_success(const RequestRecord& r) {
  return r.phase == record::Phase::measured && r.status == RequestStatus::succeeded;
}

/// Tokens by the server's usage, its events and its own counter (methodology M6).
void judge_token_counts(const Case& c) {
  const std::string contradiction =
      token_contradiction(c.facts, c.records, c.limits.token_count_share);
  if (!contradiction.empty()) {
    c.raise("token_count_mismatch", contradiction);
    return;
  }
  const auto [bad, all] = contradictory_usages(c.records);
  if (static_cast<double>(bad) > c.limits.token_count_share * static_cast<double>(all)) {
    c.raise(
        "token_count_mismatch",
        fmt::format("in {} of {} answers the usage is not what their events add up to", bad, all));
  }
}

/// Answers must have the asked length (methodology M8).
void judge_lengths(const Case& c) {
  if (c.facts.output_length != OutputLength::exact) return;
  std::int64_t off_length = 0, whole = 0;
  for (const RequestRecord& r : c.records) {
    if (!measured_success(r)) continue;
    ++whole;
    if (is_refusal(c.facts, r)) continue;  // an error, and told as one
    if (r.output_tokens != static_cast<std::int64_t>(r.requested_output_tokens)) ++off_length;
  }
  if (static_cast<double>(off_length) > c.limits.off_length_share * static_cast<double>(whole)) {
    c.raise("unequal_output",
            fmt::format("{} of {} answers do not have the asked length", off_length, whole));
  }
}

}  // namespace

void judge_requests(const Case& c) {
  const record::TrialCounts& counts = c.trial.counts;
  const std::int64_t refused =
      std::count_if(c.records.begin(), c.records.end(), [&](const RequestRecord& r) {
        return r.phase == record::Phase::measured && is_refusal(c.facts, r);
      });
  const std::int64_t bad = counts.failed + counts.timed_out + refused;
  if (static_cast<double>(bad) > c.limits.error_share * static_cast<double>(counts.scheduled)) {
    c.raise("errors", refused == 0
                          ? fmt::format("{} of {} requests failed", bad, counts.scheduled)
                          : fmt::format("{} of {} requests failed, {} of them with one token in a "
                                        "200",
                                        bad, counts.scheduled, refused));
  }
  const auto least = std::max<std::int64_t>(c.facts.least_requests, 1);
  if (counts.scheduled < least) {
    c.raise("too_few_requests", fmt::format("{} requests in the window, the study asks for {}",
                                            counts.scheduled, least));
  }
}

void judge_work(const Case& c) {
  judge_token_counts(c);
  // Lengths mean nothing where nobody knows how many tokens there were.
  if (!c.raised("token_count_mismatch")) judge_lengths(c);
  const auto& cached = c.trial.checks.cached_share;
  if (c.facts.cold_cache && cached && *cached > c.limits.cached_share) {
    c.raise("cache_warm", fmt::format("{:.1f} % of prompt tokens came from a cache, limit {:.1f} %",
                                      100.0 * *cached, 100.0 * c.limits.cached_share));
  }
}

void judge_streaming(const Case& c) {
  std::int64_t long_answers = 0, unstreamed = 0;
  for (const RequestRecord& r : c.records) {
    if (!measured_success(r) || is_refusal(c.facts, r)) continue;
    if (static_cast<double>(r.output_tokens) < c.limits.unstreamed_least_tokens) continue;
    ++long_answers;
    const base::Nanos span = r.last_token - r.first_token;
    const base::Nanos all = r.last_token - r.scheduled;
    if (base::to_ms(span) <= c.limits.unstreamed_span_share * base::to_ms(all)) ++unstreamed;
  }
  if (static_cast<double>(unstreamed) >
      c.limits.unstreamed_share * static_cast<double>(long_answers)) {
    c.raise("not_streaming", fmt::format("{} of {} answers came all at once at their end",
                                         unstreamed, long_answers));
    return;
  }
  const auto& shared = c.trial.client.shared_read_share;
  if (shared && *shared > c.limits.shared_read_share) {
    c.raise("shared_reads",
            fmt::format("{:.1f} % of events were read together with a later one, limit {:.1f} %",
                        100.0 * *shared, 100.0 * c.limits.shared_read_share));
  }
}

}  // namespace tokamark::analysis
