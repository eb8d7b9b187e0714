#include "analysis/metrics.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "analysis/fluidity.h"
#include "base/assert.h"
#include "stats/quantile.h"

namespace tokamark::analysis {

namespace {

using record::Phase;
using record::RequestRecord;
using record::RequestStatus;

constexpr double kInfinite = std::numeric_limits<double>::infinity();
/// Above this many tokens a chunk, chunk gaps are not token gaps (methodology M6).
constexpr double kMostTokensPerUncountedChunk = 1.1;
/// A send later than this counts into `late_share` (methodology M3).
constexpr base::Nanos kLate = std::chrono::milliseconds(5);

bool succeeded(const RequestRecord& record) { return record.status == RequestStatus::succeeded; }

void set_quantile(record::LatencySummary& summary, std::span<const double> ascending,
                  const char* name, double q, std::optional<double>& into) {
  const std::size_t floor = stats::sample_floor(q);
  if (ascending.size() < floor) {
    summary.reasons[name] = fmt::format("needs {} samples, has {}", floor, ascending.size());
    return;
  }
  const double value = stats::nearest_rank(ascending, q);
  if (std::isfinite(value)) {
    into = value;
  } else {
    summary.reasons[name] = "falls on failed requests";
  }
}

/// Percentiles of values in any order; infinite values are failures.
record::LatencySummary summarise(std::vector<double> values, const char* empty_reason) {
  record::LatencySummary summary;
  summary.n = static_cast<std::int64_t>(values.size());
  if (values.empty()) {
    for (const char* name : {"mean", "p50", "p90", "p95", "p99", "max"}) {
      summary.reasons[name] = empty_reason;
    }
    return summary;
  }
  std::sort(values.begin(), values.end());
  set_quantile(summary, values, "p50", 0.50, summary.p50);
  set_quantile(summary, values, "p90", 0.90, summary.p90);
  set_quantile(summary, values, "p95", 0.95, summary.p95);
  set_quantile(summary, values, "p99", 0.99, summary.p99);
  if (std::isfinite(values.back())) {
    summary.mean = stats::mean(values);
    summary.max = values.back();
  } else {
    const auto failures = std::count_if(values.begin(), values.end(),
                                        [](double value) { return !std::isfinite(value); });
    const std::string reason = fmt::format("{} of {} failed", failures, values.size());
    summary.reasons["mean"] = reason;
    summary.reasons["max"] = reason;
  }
  return summary;
}

record::LatencySummary summarise_itl(std::span<const RequestRecord> records) {
  TokenGaps gaps = token_gaps(records);
  if (gaps.reason.empty()) return summarise(std::move(gaps.ms), "no request with two chunks");
  record::LatencySummary summary;
  for (const char* name : {"mean", "p50", "p90", "p95", "p99", "max"}) {
    summary.reasons[name] = gaps.reason;
  }
  return summary;
}

double window_seconds(const TrialFacts& facts) {
  if (facts.window_start.count() < 0 || facts.window_end <= facts.window_start) return 0.0;
  return base::to_seconds(facts.window_end - facts.window_start);
}

void set_rates(const TrialFacts& facts, std::span<const RequestRecord> records,
               record::TrialMetrics& metrics) {
  const double seconds = window_seconds(facts);
  if (seconds <= 0.0) {
    for (const char* name : {"output_tokens_per_s", "requests_per_s", "goodput_requests_per_s"}) {
      metrics.reasons[name] = "the measured window did not open and close";
    }
    return;
  }
  const auto inside = [&](base::Nanos t) {
    return t >= facts.window_start && t < facts.window_end;
  };
  double tokens = 0.0;
  double completed = 0.0;
  double good = 0.0;
  for (const RequestRecord& record : records) {
    for (const record::Chunk& chunk : record.chunks) {
      if (inside(chunk.time)) tokens += tokens_of(record, chunk);
    }
    if (succeeded(record) && inside(record.last_token)) completed += 1.0;
    if (measured(record) && meets(facts.slo, record)) good += 1.0;
  }
  metrics.output_tokens_per_s = tokens / seconds;
  metrics.requests_per_s = completed / seconds;
  if (facts.slo.empty()) {
    metrics.reasons["goodput_requests_per_s"] = "the study states no slo";
  } else {
    metrics.goodput_requests_per_s = good / seconds;
  }
}

/// What the SLO makes of the measured requests; failed ones miss it.
void set_attainment(const TrialFacts& facts, std::span<const RequestRecord> records,
                    record::TrialMetrics& metrics) {
  double all = 0.0, good = 0.0;
  for (const RequestRecord& record : records) {
    if (!measured(record)) continue;
    all += 1.0;
    if (meets(facts.slo, record)) good += 1.0;
  }
  const char* const why = facts.slo.empty() ? "the study states no slo"
                          : all == 0.0      ? "no request was scheduled in the window"
                                            : nullptr;
  if (why == nullptr) {
    metrics.slo_attainment = good / all;
  } else {
    metrics.reasons["slo_attainment"] = why;
  }
  const Fluidity fluidity = compute_fluidity(facts.slo, records);
  metrics.fluidity_index = fluidity.index;
  if (!fluidity.index) metrics.reasons["fluidity_index"] = fluidity.reason;
}

record::ClientError client_error(std::vector<double> values) {
  record::ClientError error;
  if (values.empty()) return error;
  std::sort(values.begin(), values.end());
  error.p50 = stats::nearest_rank(values, 0.50);
  error.p99 = stats::nearest_rank(values, 0.99);
  error.max = values.back();
  return error;
}

/// What the kernel's scheduler did to the load threads.
void set_scheduling(const TrialFacts& facts, record::TrialClient& client) {
  client.scheduling = facts.scheduling;
  client.pinning = facts.pinning;
  client.receive = facts.receive;
  client.cpus = facts.client_cpus;
  client.context_switches_voluntary = facts.client_context_switches_voluntary;
  client.context_switches_involuntary = facts.client_context_switches_involuntary;
  client.run_delay_s = facts.client_run_delay_s;
  const double seconds = window_seconds(facts);
  if (client.run_delay_s && seconds > 0.0) client.run_delay_share = *client.run_delay_s / seconds;
  // Both kinds of cost are read together; only a kernel without schedstat gives one of them.
  const char* const why = seconds <= 0.0 ? "the measured window did not open and close"
                          : client.context_switches_voluntary
                              ? "the kernel does not count it (no /proc/thread-self/schedstat)"
                              : "not recorded by the version that ran the trial";
  const auto note = [&](const char* name, bool missing) {
    if (missing) client.reasons[name] = why;
  };
  note("run_delay_s", !client.run_delay_s);
  note("run_delay_share", !client.run_delay_share);
  note("context_switches_voluntary", !client.context_switches_voluntary);
  note("context_switches_involuntary", !client.context_switches_involuntary);
  if (client.scheduling.empty()) client.reasons["scheduling"] = why;
  if (client.pinning.empty()) client.reasons["pinning"] = why;
  if (client.receive.empty()) client.reasons["receive"] = why;
}

}  // namespace

bool measured(const RequestRecord& record) {
  return record.phase == Phase::measured && record.status != RequestStatus::cut_off;
}

double tokens_of(const RequestRecord& record, const record::Chunk& chunk) {
  if (chunk.tokens > 0) return chunk.tokens;
  if (record.output_tokens <= 0) return 1.0;
  return static_cast<double>(record.output_tokens) / static_cast<double>(record.chunks.size());
}

TokenGaps token_gaps(std::span<const RequestRecord> records) {
  double uncounted_tokens = 0.0, uncounted_chunks = 0.0;
  TokenGaps gaps;
  for (const RequestRecord& record : records) {
    if (!measured(record)) continue;
    if (!succeeded(record)) {
      gaps.ms.push_back(kInfinite);
      continue;
    }
    std::optional<base::Nanos> before;
    for (const record::Chunk& chunk : record.chunks) {
      if (chunk.tokens == 0) {
        uncounted_tokens += tokens_of(record, chunk);
        uncounted_chunks += 1.0;
      }
      const auto previous = std::exchange(before, chunk.time);
      if (!previous) continue;
      const int tokens = std::max<int>(chunk.tokens, 1);
      const double gap = base::to_ms(chunk.time - *previous) / tokens;
      gaps.ms.insert(gaps.ms.end(), static_cast<std::size_t>(tokens), gap);
    }
  }
  if (uncounted_tokens > kMostTokensPerUncountedChunk * uncounted_chunks) {
    gaps.reason = fmt::format("{:.2f} tokens a chunk, and the server does not count them by chunk",
                              uncounted_tokens / uncounted_chunks);
    gaps.ms.clear();
  }
  return gaps;
}

double ttft_ms(const RequestRecord& record) {
  return succeeded(record) ? base::to_ms(record.first_token - record.scheduled) : kInfinite;
}

double ttft_wire_ms(const RequestRecord& record) {
  return succeeded(record) ? base::to_ms(record.first_token - record.sent) : kInfinite;
}

double e2e_ms(const RequestRecord& record) {
  return succeeded(record) ? base::to_ms(record.last_token - record.scheduled) : kInfinite;
}

std::optional<double> tpot_ms(const RequestRecord& record) {
  if (!succeeded(record)) return kInfinite;
  if (record.output_tokens < 2) return std::nullopt;
  return base::to_ms(record.last_token - record.first_token) /
         static_cast<double>(record.output_tokens - 1);
}

bool meets(const Slo& slo, const RequestRecord& record) {
  if (!succeeded(record)) return false;
  if (slo.ttft_ms && ttft_ms(record) > *slo.ttft_ms) return false;
  if (slo.e2e_ms && e2e_ms(record) > *slo.e2e_ms) return false;
  // An answer of one token has no pace to miss.
  return !slo.tpot_ms || tpot_ms(record).value_or(0.0) <= *slo.tpot_ms;
}

record::TrialMetrics compute_metrics(const TrialFacts& facts,
                                     std::span<const RequestRecord> records) {
  std::vector<double> ttft, ttft_wire, tpot, e2e;
  for (const RequestRecord& record : records) {
    if (!measured(record)) continue;
    ttft.push_back(ttft_ms(record));
    ttft_wire.push_back(ttft_wire_ms(record));
    e2e.push_back(e2e_ms(record));
    if (const auto value = tpot_ms(record)) tpot.push_back(*value);
  }
  record::TrialMetrics metrics;
  const char* none = "no request was scheduled in the window";
  metrics.ttft_ms = summarise(std::move(ttft), none);
  metrics.ttft_wire_ms = summarise(std::move(ttft_wire), none);
  metrics.e2e_ms = summarise(std::move(e2e), none);
  metrics.tpot_ms = summarise(std::move(tpot), "no request with two output tokens");
  metrics.itl_ms = summarise_itl(records);
  set_rates(facts, records, metrics);
  set_attainment(facts, records, metrics);
  return metrics;
}

record::TrialCounts compute_counts(std::span<const RequestRecord> records) {
  record::TrialCounts counts;
  for (const RequestRecord& record : records) {
    if (record.phase != Phase::measured) continue;
    ++counts.scheduled;
    if (record.sent.count() >= 0) ++counts.sent;
    if (record.status == RequestStatus::succeeded) ++counts.succeeded;
    if (record.status == RequestStatus::failed) ++counts.failed;
    if (record.status == RequestStatus::timed_out) ++counts.timed_out;
    counts.input_tokens += std::max<std::int64_t>(record.input_tokens, 0);
    counts.output_tokens += std::max<std::int64_t>(record.output_tokens, 0);
    counts.cached_tokens += std::max<std::int64_t>(record.cached_tokens, 0);
  }
  return counts;
}

record::TrialClient compute_client(const TrialFacts& facts,
                                   std::span<const RequestRecord> records) {
  std::vector<double> lateness, delay;
  double late = 0.0, chunks = 0.0, shared = 0.0, stamped = 0.0;
  for (const RequestRecord& record : records) {
    if (!measured(record) || record.sent.count() < 0) continue;
    // A request that went out once more was late because its server closed the connection.
    if (record.resends == 0) {
      lateness.push_back(base::to_ms(record.sent - record.scheduled));
      if (record.sent - record.scheduled > kLate) late += 1.0;
    }
    for (const record::Chunk& chunk : record.chunks) {
      chunks += 1.0;
      if ((chunk.flags & record::kSharedRead) != 0) shared += 1.0;
      if ((chunk.flags & record::kKernelStamp) == 0) continue;
      stamped += 1.0;
      delay.push_back(base::to_ms(chunk.receive_delay));
    }
  }
  record::TrialClient client;
  if (!lateness.empty()) client.late_share = late / static_cast<double>(lateness.size());
  if (chunks > 0.0) {
    client.shared_read_share = shared / chunks;
    client.kernel_stamp_share = stamped / chunks;
  }
  client.lateness_ms = client_error(std::move(lateness));
  client.receive_delay_ms = client_error(std::move(delay));
  client.cpu_s = facts.client_cpu_s;
  const double seconds = window_seconds(facts);
  client.cpu_share = seconds > 0.0 ? facts.client_window_cpu_s / seconds : 0.0;
  set_scheduling(facts, client);
  return client;
}

}  // namespace tokamark::analysis
