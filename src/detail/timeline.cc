#include <algorithm>
#include <cmath>

#include "analysis/metrics.h"
#include "detail/timeline_internal.h"

namespace tokamark::detail {

namespace {

using record::RequestRecord;

/// The bin of a moment, as a real number: its whole part is the index.
double place_of(const Timeline& timeline, double at_s) {
  return (at_s - timeline.from_s) / timeline.step_s;
}

/// Adds the share of each bin that a stretch of time covers.
void cover(const Timeline& timeline, Span span, std::vector<double>& sums) {
  const auto last = static_cast<double>(sums.size());
  const double from = std::clamp(place_of(timeline, span.from_s), 0.0, last);
  const double to = std::clamp(place_of(timeline, span.to_s), 0.0, last);
  for (auto bin = static_cast<std::size_t>(from); bin < sums.size(); ++bin) {
    const auto left = static_cast<double>(bin);
    if (left >= to) break;
    sums[bin] += std::min(to, left + 1.0) - std::max(from, left);
  }
}

Series as_series(const std::vector<double>& sums, double factor) {
  Series series;
  for (const double sum : sums) series.values.emplace_back(sum * factor);
  return series;
}

}  // namespace

void add_timeline(const analysis::TrialFacts& facts, std::span<const RequestRecord> records,
                  std::string_view telemetry, Timeline& into) {
  if (facts.window_start.count() < 0 || facts.window_end <= facts.window_start) return;
  base::Nanos last = facts.window_end;
  for (const RequestRecord& record : records) last = std::max(last, record.ended);
  const auto at = [&facts](base::Nanos time) {
    return base::to_seconds(time - facts.window_start);
  };
  into.from_s = at(base::Nanos(0));
  into.step_s = (at(last) - into.from_s) / static_cast<double>(kTimeBins);
  into.window_s = at(facts.window_end);
  std::vector<double> in_flight(kTimeBins, 0.0), tokens(kTimeBins, 0.0);
  for (const RequestRecord& record : records) {
    if (record.sent.count() >= 0) {
      cover(into, {at(record.sent), at(std::max(record.ended, record.sent))}, in_flight);
    }
    for (const record::Chunk& chunk : record.chunks) {
      const double place = place_of(into, at(chunk.time));
      if (place < 0.0) continue;
      tokens[std::min(static_cast<std::size_t>(place), kTimeBins - 1)] +=
          analysis::tokens_of(record, chunk);
    }
  }
  into.in_flight = as_series(in_flight, 1.0);
  into.output_tokens_per_s = as_series(tokens, 1.0 / into.step_s);
  add_telemetry(facts, telemetry, into);
}

}  // namespace tokamark::detail
