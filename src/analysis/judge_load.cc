#include <fmt/core.h>

#include <cmath>

#include "analysis/judges_internal.h"

namespace tokamark::analysis {

namespace {

/// Two independent counts of one load: by the load threads, request by request as they begin and
/// end, and by the records, as the sum of their times in the window over its length.
void judge_littles_law(const Case& c) {
  const auto& counted = c.trial.checks.in_flight_mean;
  const auto& recorded = c.trial.checks.littles_law_mean;
  if (!counted || !recorded || *counted <= 0.0) return;
  const double off = std::abs(*counted - *recorded) / *counted;
  if (off <= c.limits.littles_law_share) return;
  c.raise("littles_law",
          fmt::format("{:.2f} requests were in flight on average, the records' rate times their "
                      "time is {:.2f}",
                      *counted, *recorded));
}

/// Overload: both the load in the engine and the wait for it keep rising (methodology M16).
void judge_stability(const Case& c) {
  const auto& in_flight = c.trial.checks.in_flight_trend_p;
  const auto& ttft = c.trial.checks.ttft_trend_p;
  if (!in_flight || !ttft) return;
  if (*in_flight > c.limits.trend_p || *ttft > c.limits.trend_p) return;
  const double rise = c.trial.checks.ttft_rise_share.value_or(0.0);
  if (rise <= c.limits.ttft_rise_share) return;
  c.raise("unstable",
          fmt::format("over the window TTFT rose by {:.0f} % of its mean, limit {:.0f} %, and "
                      "requests in flight with it (p {:.2g} and {:.2g}, limit {:.2g})",
                      100.0 * rise, 100.0 * c.limits.ttft_rise_share, *ttft, *in_flight,
                      c.limits.trend_p));
}

}  // namespace

void judge_load(const Case& c) {
  judge_littles_law(c);
  judge_stability(c);
}

}  // namespace tokamark::analysis
