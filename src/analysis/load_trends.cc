#include "analysis/load_trends.h"

#include <algorithm>
#include <array>

#include "analysis/metrics.h"
#include "stats/quantile.h"
#include "stats/trend.h"

namespace tokamark::analysis {

namespace {

constexpr std::size_t kParts = 20;
constexpr std::size_t kLeastRequests = 100;

struct Part {
  double in_flight_s = 0.0, ttft_ms = 0.0;
  std::size_t requests = 0;
};

/// Adds to each part the time that a request was in flight during it.
void spread(const record::RequestRecord& r, base::Nanos start, base::Nanos length,
            std::array<Part, kParts>& parts) {
  if (r.sent.count() < 0) return;
  for (std::size_t i = 0; i < kParts; ++i) {
    const base::Nanos from = start + length * static_cast<std::int64_t>(i);
    const base::Nanos to = from + length;
    const base::Nanos begun = std::max(r.sent, from);
    const base::Nanos ended = r.ended.count() < 0 ? to : std::min(r.ended, to);
    if (ended > begun) parts[i].in_flight_s += base::to_seconds(ended - begun);
  }
}

}  // namespace

LoadTrends load_trends(const TrialFacts& facts, std::span<const record::RequestRecord> records) {
  const base::Nanos length =
      (facts.window_end - facts.window_start) / static_cast<std::int64_t>(kParts);
  if (facts.window_start.count() < 0 || length.count() <= 0) return {};
  std::array<Part, kParts> parts{};
  std::size_t requests = 0;
  for (const record::RequestRecord& r : records) {
    spread(r, facts.window_start, length, parts);
    if (r.phase != record::Phase::measured) continue;
    ++requests;
    if (r.status != record::RequestStatus::succeeded) continue;
    const auto index = static_cast<std::size_t>((r.scheduled - facts.window_start) / length);
    Part& part = parts[std::min(index, kParts - 1)];
    part.ttft_ms += ttft_ms(r);
    ++part.requests;
  }
  if (requests < kLeastRequests) return {};
  std::array<double, kParts> in_flight{}, ttft{};
  for (std::size_t i = 0; i < kParts; ++i) {
    if (parts[i].requests == 0) return {};
    in_flight[i] = parts[i].in_flight_s / base::to_seconds(length);
    ttft[i] = parts[i].ttft_ms / static_cast<double>(parts[i].requests);
  }
  LoadTrends trends;
  if (const auto found = stats::trend(in_flight)) trends.in_flight_p = found->rising_p;
  if (const auto found = stats::trend(ttft)) {
    trends.ttft_p = found->rising_p;
    trends.ttft_rise_share = found->slope * static_cast<double>(kParts) / stats::mean(ttft);
  }
  return trends;
}

}  // namespace tokamark::analysis
