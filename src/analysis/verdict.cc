#include "analysis/verdict.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "analysis/metrics.h"

namespace tokamark::analysis {

namespace {

using record::RequestRecord;
using record::RequestStatus;
using record::TrialResult;

void add(TrialResult& trial, const char* code, std::string evidence, const char* advice) {
  trial.codes.push_back({code, std::move(evidence), advice});
}

void judge_client(const TrialFacts& facts, const Thresholds& limits, TrialResult& trial) {
  const record::TrialClient& client = trial.client;
  const char* advice =
      "give the client a core of its own or lower the load; its lateness is in these numbers";
  if (client.lateness_ms.p99) {
    const double ttft = trial.metrics.ttft_ms.p50.value_or(0.0);
    const double limit = std::max(limits.lateness_floor_ms, limits.lateness_share_of_ttft * ttft);
    if (*client.lateness_ms.p99 > limit) {
      add(trial, "client_late",
          fmt::format("p99 lateness {:.3f} ms, limit {:.3f} ms", *client.lateness_ms.p99, limit),
          advice);
    } else if (client.late_share.value_or(0.0) > limits.late_share) {
      add(trial, "client_late",
          fmt::format("{:.2f} % of requests were sent more than 5 ms late, limit {:.2f} %",
                      100.0 * *client.late_share, 100.0 * limits.late_share),
          advice);
    }
  }
  if (facts.clock_stepped) {
    add(trial, "clock_stepped", "the wall clock was stepped while the kernel stamped packets",
        "stop time synchronisation that steps the clock, and run the trial again");
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
                  when, field, p99->get<double>(), limit),
      "stop other work on the client's machine, give the client cores of its own, or lower the "
      "load; see `tokamark calibrate`");
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
                  trial.counts.scheduled),
      "give the client a core of its own or lower the rate");
}

void judge_answers(const TrialFacts& facts, std::span<const RequestRecord> records,
                   const Thresholds& limits, TrialResult& trial) {
  double off_length = 0.0, whole = 0.0, long_answers = 0.0, unstreamed = 0.0;
  for (const RequestRecord& r : records) {
    if (r.phase != record::Phase::measured || r.status != RequestStatus::succeeded) continue;
    whole += 1.0;
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
        fmt::format("{} of {} answers do not have the asked length", off_length, whole),
        "use an engine that takes ignore_eos, or set output_rule: natural");
  }
  if (unstreamed > limits.unstreamed_share * long_answers) {
    add(trial, "not_streaming",
        fmt::format("{} of {} answers came all at once at their end", unstreamed, long_answers),
        "turn off response buffering in the server or in the proxy before it");
  }
}

void judge_requests(const TrialFacts& facts, const Thresholds& limits, TrialResult& trial) {
  const record::TrialCounts& counts = trial.counts;
  const std::int64_t bad = counts.failed + counts.timed_out;
  if (static_cast<double>(bad) > limits.error_share * static_cast<double>(counts.scheduled)) {
    add(trial, "errors", fmt::format("{} of {} requests failed", bad, counts.scheduled),
        "read error_message in the trial's requests.jsonl.zst and the engine's log");
  }
  const auto least = std::max<std::int64_t>(facts.least_requests, 1);
  if (counts.scheduled < least) {
    add(trial, "too_few_requests",
        fmt::format("{} requests in the window, the study asks for {}", counts.scheduled, least),
        "raise window.max_seconds, or lower window.requests");
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
    add(trial, "stopped", facts.stopped, "run again with --resume to repeat this trial");
    trial.verdict = record::Verdict::incomplete;
    return trial;
  }
  if (facts.never_warm) {
    add(trial, "never_warm",
        fmt::format("after {} probes the last 20 still differ by more than 5 % from the 20 before",
                    facts.probes),
        "keep other work off the engine's machine; or set window.probes below 40 to leave the "
        "check out");
  }
  judge_requests(facts, thresholds, trial);
  judge_client(facts, thresholds, trial);
  judge_calibration(facts, thresholds, trial);
  judge_rate(facts, records, thresholds, trial);
  judge_answers(facts, records, thresholds, trial);
  trial.verdict = trial.codes.empty() ? record::Verdict::valid : record::Verdict::invalid;
  return trial;
}

}  // namespace tokamark::analysis
