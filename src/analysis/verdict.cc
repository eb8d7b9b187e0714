#include "analysis/verdict.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "analysis/codes.h"
#include "analysis/metrics.h"
#include "analysis/reconcile.h"
#include "base/assert.h"

namespace tokamark::analysis {

namespace {

using record::RequestRecord;
using record::RequestStatus;
using record::TrialResult;

void add(TrialResult& trial, const char* code, std::string evidence) {
  const CodeInfo* info = find_code(code);
  TOKAMARK_ASSERT(info != nullptr);
  trial.codes.push_back({code, std::move(evidence), std::string(info->advice)});
}

void judge_client(const TrialFacts& facts, const Thresholds& limits, TrialResult& trial) {
  const record::TrialClient& client = trial.client;
  if (client.lateness_ms.p99) {
    const double ttft = trial.metrics.ttft_ms.p50.value_or(0.0);
    const double limit = std::max(limits.lateness_floor_ms, limits.lateness_share_of_ttft * ttft);
    if (*client.lateness_ms.p99 > limit) {
      add(trial, "client_late",
          fmt::format("p99 lateness {:.3f} ms, limit {:.3f} ms", *client.lateness_ms.p99, limit));
    } else if (client.late_share.value_or(0.0) > limits.late_share) {
      add(trial, "client_late",
          fmt::format("{:.2f} % of requests were sent more than 5 ms late, limit {:.2f} %",
                      100.0 * *client.late_share, 100.0 * limits.late_share));
    }
  }
  if (facts.clock_stepped) {
    add(trial, "clock_stepped", "the wall clock was stepped while the kernel stamped packets");
  }
}

/// One of the client's measured errors must be small against what it measured (methodology M4).
void judge_error(const nlohmann::json& calibration, const char* when, const char* field,
                 const record::LatencySummary& measured, const Thresholds& limits,
                 TrialResult& trial) {
  const auto error = calibration.find(field);
  if (error == calibration.end() || !error->is_object() || !measured.p50) return;
  const auto p99 = error->find("p99");
  if (p99 == error->end() || !p99->is_number()) return;
  const double limit =
      std::max(limits.calibration_floor_ms, limits.calibration_share * *measured.p50);
  if (p99->get<double>() <= limit) return;
  add(trial, "client_inaccurate",
      fmt::format("{} the load, {} against the null engine was {:.3f} ms at p99, limit {:.3f} ms",
                  when, field, p99->get<double>(), limit));
}

void judge_calibration(const TrialFacts& facts, const Thresholds& limits, TrialResult& trial) {
  if (!facts.calibration.is_object()) return;
  const record::TrialMetrics& metrics = trial.metrics;
  for (const char* when : {"before", "after"}) {
    const auto found = facts.calibration.find(when);
    if (found == facts.calibration.end() || !found->is_object()) continue;
    const std::size_t codes = trial.codes.size();
    judge_error(*found, when, "ttft_error_ms", metrics.ttft_ms, limits, trial);
    if (trial.codes.size() == codes) {
      const bool per_token = metrics.itl_ms.p50.has_value();
      judge_error(*found, when, "itl_error_ms", per_token ? metrics.itl_ms : metrics.tpot_ms,
                  limits, trial);
    }
    if (trial.codes.size() != codes) return;  // once is enough
  }
}

/// An open load must have been sent at the rate it asked for.
void judge_rate(const TrialFacts& facts, std::span<const RequestRecord> records,
                const Thresholds& limits, TrialResult& trial) {
  if (facts.load.kind != workload::LoadKind::open || trial.counts.scheduled == 0) return;
  const auto sent = std::count_if(records.begin(), records.end(), [&](const RequestRecord& r) {
    return r.sent >= facts.window_start && r.sent < facts.window_end;
  });
  const auto asked = static_cast<double>(trial.counts.scheduled);
  // With few requests one that crosses the window's edge is more than 1 %.
  if (std::abs(static_cast<double>(sent) - asked) <= std::max(1.0, limits.rate_error * asked)) {
    return;
  }
  add(trial, "client_late",
      fmt::format("{} requests were sent in the window, {} were scheduled", sent,
                  trial.counts.scheduled));
}

void judge_answers(const TrialFacts& facts, std::span<const RequestRecord> records,
                   const Thresholds& limits, TrialResult& trial) {
  double off_length = 0.0, whole = 0.0, long_answers = 0.0, unstreamed = 0.0;
  for (const RequestRecord& r : records) {
    if (r.phase != record::Phase::measured || r.status != RequestStatus::succeeded) continue;
    whole += 1.0;
    if (is_refusal(facts, r)) continue;  // an error, and told as one
    if (r.output_tokens != static_cast<std::int64_t>(r.requested_output_tokens)) off_length += 1.0;
    if (r.output_tokens >= limits.unstreamed_least_tokens) {
      long_answers += 1.0;
      const base::Nanos span = r.last_token - r.first_token;
      const base::Nanos all = r.last_token - r.scheduled;
      if (base::to_ms(span) <= limits.unstreamed_span * base::to_ms(all)) unstreamed += 1.0;
    }
  }
  if (facts.output_length == OutputLength::exact && off_length > limits.off_length_share * whole) {
    add(trial, "unequal_output",
        fmt::format("{} of {} answers do not have the asked length", off_length, whole));
  }
  if (unstreamed > limits.unstreamed_share * long_answers) {
    add(trial, "not_streaming",
        fmt::format("{} of {} answers came all at once at their end", unstreamed, long_answers));
  }
}

void judge_requests(const TrialFacts& facts, std::span<const RequestRecord> records,
                    const Thresholds& limits, TrialResult& trial) {
  const record::TrialCounts& counts = trial.counts;
  const std::int64_t refused =
      std::count_if(records.begin(), records.end(), [&](const RequestRecord& r) {
        return r.phase == record::Phase::measured && is_refusal(facts, r);
      });
  const std::int64_t bad = counts.failed + counts.timed_out + refused;
  if (static_cast<double>(bad) > limits.error_share * static_cast<double>(counts.scheduled)) {
    add(trial, "errors",
        refused == 0 ? fmt::format("{} of {} requests failed", bad, counts.scheduled)
                     : fmt::format("{} of {} requests failed, {} of them with one token in a 200",
                                   bad, counts.scheduled, refused));
  }
  const auto least = std::max<std::int64_t>(facts.least_requests, 1);
  if (counts.scheduled < least) {
    add(trial, "too_few_requests",
        fmt::format("{} requests in the window, the study asks for {}", counts.scheduled, least));
  }
}

/// The client must not have shaped the load (methodology M3).
void judge_limits(const TrialFacts& facts, std::span<const RequestRecord> records,
                  const Thresholds& limits, TrialResult& trial) {
  const bool late = std::any_of(trial.codes.begin(), trial.codes.end(),
                                [](const auto& c) { return c.code == "client_late"; });
  if (late) return;  // that says it already
  const auto& ttft = trial.metrics.ttft_ms.p99;
  const auto& wire = trial.metrics.ttft_wire_ms.p99;
  if (ttft && wire && *ttft > (1.0 + limits.limited_share) * *wire) {
    add(trial, "client_limited",
        fmt::format("p99 TTFT is {:.3f} ms, {:.3f} ms from the send", *ttft, *wire));
    return;
  }
  const bool all_well =
      trial.counts.scheduled > 0 && trial.counts.succeeded == trial.counts.scheduled;
  const auto held = mean_in_flight(facts, records);
  const double asked = facts.load.concurrency;
  if (facts.load.kind == workload::LoadKind::closed && all_well && held &&
      *held < limits.held_share * asked) {
    add(trial, "client_limited",
        fmt::format("{:.2f} requests were in flight on average, {} were asked for", *held, asked));
  }
}

/// What client and server say must agree, and prompts must have been new (methodology M6, M9).
void judge_agreement(const TrialFacts& facts, std::span<const RequestRecord> records,
                     const Thresholds& limits, TrialResult& trial) {
  const std::string contradiction = token_contradiction(facts, records, limits.token_share);
  if (!contradiction.empty()) add(trial, "token_count_mismatch", contradiction);
  const auto cached = cached_share(records);
  if (facts.cold_cache && cached && *cached > limits.cached_share) {
    add(trial, "cache_warm",
        fmt::format("{:.1f} % of prompt tokens came from a cache, limit {:.1f} %", 100.0 * *cached,
                    100.0 * limits.cached_share));
  }
}

}  // namespace

TrialResult analyse(const TrialFacts& facts, std::span<const RequestRecord> records,
                    const Thresholds& thresholds) {
  TrialResult trial;
  trial.id = facts.id;
  trial.engine = facts.engine;
  trial.workload = facts.workload;
  trial.load = facts.load;
  trial.repeat = facts.repeat;
  trial.window_start_s = base::to_seconds(std::max(facts.window_start, base::Nanos(0)));
  trial.window_end_s = base::to_seconds(std::max(facts.window_end, base::Nanos(0)));
  trial.schedule_sha256 = facts.schedule_sha256;
  trial.resources = facts.resources;
  trial.calibration = facts.calibration;
  trial.engine_info = facts.engine_info;
  trial.counts = compute_counts(records);
  trial.metrics = compute_metrics(facts, records);
  trial.client = compute_client(facts, records);
  if (!facts.stopped.empty()) {
    add(trial, "stopped", facts.stopped);
    trial.verdict = record::Verdict::incomplete;
    return trial;
  }
  if (facts.never_warm) {
    add(trial, "never_warm",
        fmt::format("after {} probes the last 20 still differ by more than 5 % from the 20 before",
                    facts.probes));
  }
  judge_requests(facts, records, thresholds, trial);
  judge_client(facts, thresholds, trial);
  judge_calibration(facts, thresholds, trial);
  judge_rate(facts, records, thresholds, trial);
  judge_limits(facts, records, thresholds, trial);
  judge_answers(facts, records, thresholds, trial);
  judge_agreement(facts, records, thresholds, trial);
  trial.verdict = trial.codes.empty() ? record::Verdict::valid : record::Verdict::invalid;
  return trial;
}

}  // namespace tokamark::analysis
