#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "analysis/judges_internal.h"
#include "analysis/reconcile.h"

namespace tokamark::analysis {

namespace {

using record::RequestRecord;

/// How late requests were sent (methodology M3).
void judge_lateness(const Case& c) {
  const record::TrialClient& client = c.trial.client;
  if (!client.lateness_ms.p99) return;
  const double ttft = c.trial.metrics.ttft_ms.p50.value_or(0.0);
  const double limit =
      std::max(c.limits.lateness_p99_ms, c.limits.lateness_p99_share_of_ttft * ttft);
  if (*client.lateness_ms.p99 > limit) {
    c.raise("client_late",
            fmt::format("p99 lateness {:.3f} ms, limit {:.3f} ms", *client.lateness_ms.p99, limit));
  } else if (client.late_share.value_or(0.0) > c.limits.late_share) {
    c.raise("client_late",
            fmt::format("{:.2f} % of requests were sent more than 5 ms late, limit {:.2f} %",
                        100.0 * *client.late_share, 100.0 * c.limits.late_share));
  }
}

/// An open load must have been sent at the rate it asked for. A request that could not be sent at
/// all, for want of a connection, is an error and not a late one.
void judge_rate(const Case& c) {
  if (c.facts.load.kind != workload::LoadKind::open || c.trial.counts.scheduled == 0) return;
  const auto in_window = [&](base::Nanos at) {
    return at >= c.facts.window_start && at < c.facts.window_end;
  };
  const auto sent = std::count_if(c.records.begin(), c.records.end(), [&](const RequestRecord& r) {
    const bool never = r.sent.count() < 0;
    return never ? r.error != record::RequestError::none && in_window(r.scheduled)
                 : in_window(r.sent);
  });
  const auto asked = static_cast<double>(c.trial.counts.scheduled);
  // With few requests one that crosses the window's edge is more than 1 %.
  if (std::abs(static_cast<double>(sent) - asked) <=
      std::max(1.0, c.limits.rate_error_share * asked)) {
    return;
  }
  c.raise("client_late", fmt::format("{} requests were sent in the window, {} were scheduled", sent,
                                     c.trial.counts.scheduled));
}

/// One of the client's measured errors must be small against what it measured (methodology M4).
void judge_error(const Case& c, const nlohmann::json& calibration, const char* when,
                 const char* field, const record::LatencySummary& measured) {
  const auto error = calibration.find(field);
  if (error == calibration.end() || !error->is_object() || !measured.p50) return;
  const auto p99 = error->find("p99");
  if (p99 == error->end() || !p99->is_number()) return;
  const double limit =
      std::max(c.limits.calibration_error_ms, c.limits.calibration_error_share * *measured.p50);
  if (p99->get<double>() <= limit) return;
  c.raise("client_inaccurate",
          fmt::format("{} the load, {} against the null engine was {:.3f} ms at p99, limit {:.3f} "
                      "ms",
                      when, field, p99->get<double>(), limit));
}

void judge_calibration(const Case& c) {
  if (!c.facts.calibration.is_object()) return;
  const record::TrialMetrics& metrics = c.trial.metrics;
  for (const char* when : {"before", "after"}) {
    const auto found = c.facts.calibration.find(when);
    if (found == c.facts.calibration.end() || !found->is_object()) continue;
    judge_error(c, *found, when, "ttft_error_ms", metrics.ttft_ms);
    if (c.raised("client_inaccurate")) return;  // once is enough
    judge_error(c, *found, when, "itl_error_ms",
                metrics.itl_ms.p50 ? metrics.itl_ms : metrics.tpot_ms);
    if (c.raised("client_inaccurate")) return;
  }
}

/// The client must not have shaped the load (methodology M3).
void judge_limits(const Case& c) {
  const auto& ttft = c.trial.metrics.ttft_ms.p99;
  const auto& wire = c.trial.metrics.ttft_wire_ms.p99;
  if (ttft && wire && *ttft > (1.0 + c.limits.ttft_excess_share) * *wire) {
    c.raise("client_limited",
            fmt::format("p99 TTFT is {:.3f} ms, {:.3f} ms from the send", *ttft, *wire));
    return;
  }
  const bool all_well =
      c.trial.counts.scheduled > 0 && c.trial.counts.succeeded == c.trial.counts.scheduled;
  const auto held = mean_in_flight(c.facts, c.records);
  const double asked = c.facts.load.concurrency;
  if (c.facts.load.kind == workload::LoadKind::closed && all_well && held &&
      *held < c.limits.held_share * asked) {
    c.raise(
        "client_limited",
        fmt::format("{:.2f} requests were in flight on average, {} were asked for", *held, asked));
  }
}

}  // namespace

void judge_client(const Case& c) {
  judge_lateness(c);
  if (!c.raised("client_late")) judge_rate(c);
  if (c.facts.clock_stepped) {
    c.raise("clock_stepped", "the wall clock was stepped while the kernel stamped packets");
  }
  judge_calibration(c);
  if (!c.raised("client_late")) judge_limits(c);  // lateness says it already
}

}  // namespace tokamark::analysis
