#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/metrics.h"
#include "detail/distributions_internal.h"
#include "stats/quantile.h"

namespace tokamark::detail {

namespace {

using record::RequestRecord;

/// Requests that each bin of prompt lengths holds at least, so that its p90 means something.
constexpr std::size_t kLeastInLengthBin = 20;
constexpr std::size_t kMostLengthBins = 12;

std::size_t gap_bin(double ms) {
  if (!(ms > kGapLeast_ms)) return 0;
  const double place = std::log10(ms / kGapLeast_ms) * static_cast<double>(kGapBinsPerDecade);
  return std::min(static_cast<std::size_t>(place), kGapBins - 1);
}

LengthBin make_length_bin(std::span<const std::pair<std::int64_t, double>> requests) {
  std::vector<double> ms;
  ms.reserve(requests.size());
  for (const auto& request : requests) ms.push_back(request.second);
  std::sort(ms.begin(), ms.end());
  return {requests.front().first,
          requests.back().first,
          static_cast<std::int64_t>(ms.size()),
          stats::nearest_rank(ms, 0.1),
          stats::nearest_rank(ms, 0.5),
          stats::nearest_rank(ms, 0.9)};
}

/// Bins of about equal numbers of requests; requests of one length share a bin.
void add_lengths(std::vector<std::pair<std::int64_t, double>> requests,
                 const std::string& empty_reason, TrialDetail& into) {
  std::sort(requests.begin(), requests.end());
  const bool one_length = requests.empty() || requests.front().first == requests.back().first;
  if (one_length) {
    into.ttft_by_prompt_reason =
        requests.empty() ? empty_reason : "all prompts have the same length";
    return;
  }
  const std::size_t size =
      std::max(kLeastInLengthBin, (requests.size() + kMostLengthBins - 1) / kMostLengthBins);
  std::size_t begin = 0;
  while (begin < requests.size()) {
    std::size_t end = std::min(begin + size, requests.size());
    while (end < requests.size() && requests[end].first == requests[end - 1].first) ++end;
    if (requests.size() - end < kLeastInLengthBin) end = requests.size();
    into.ttft_by_prompt.push_back(make_length_bin(std::span(requests).subspan(begin, end - begin)));
    begin = end;
  }
  if (into.ttft_by_prompt.size() < 2) {
    into.ttft_by_prompt.clear();
    into.ttft_by_prompt_reason =
        fmt::format("two bins of prompt lengths need {} requests each, there are {} in all",
                    kLeastInLengthBin, requests.size());
  }
}

/// The client's own errors, by the formulas of METRICS.md.
void add_client(std::span<const RequestRecord> records, TrialDetail& into) {
  std::vector<double> lateness, delay;
  for (const RequestRecord& record : records) {
    if (!analysis::measured(record) || record.sent.count() < 0) continue;
    if (record.resends == 0) lateness.push_back(base::to_ms(record.sent - record.scheduled));
    for (const record::Chunk& chunk : record.chunks) {
      if ((chunk.flags & record::kKernelStamp) != 0) {
        delay.push_back(base::to_ms(chunk.receive_delay));
      }
    }
  }
  into.lateness = make_distribution(std::move(lateness), "no request was sent in the window");
  into.receive_delay = make_distribution(std::move(delay), "no chunk has a kernel stamp");
}

}  // namespace

Distribution make_distribution(std::vector<double> ms, const std::string& empty_reason) {
  Distribution grid;
  grid.n = static_cast<std::int64_t>(ms.size());
  if (ms.size() < stats::sample_floor(0.5)) {
    grid.reason =
        ms.empty() ? empty_reason
                   : fmt::format("needs {} samples, has {}", stats::sample_floor(0.5), ms.size());
    return grid;
  }
  std::sort(ms.begin(), ms.end());
  for (std::size_t i = 0; i < kGridSize; ++i) {
    const double beyond =
        std::pow(10.0, -static_cast<double>(i) / static_cast<double>(kGridPerNine));
    // The floor by its own formula, with room for what the power is off.
    if (static_cast<double>(ms.size()) * beyond < 10.0 * (1.0 - 1e-9)) break;
    grid.quantiles_ms.push_back(i == 0 ? ms.front() : stats::nearest_rank(ms, 1.0 - beyond));
  }
  return grid;
}

void add_distributions(std::span<const RequestRecord> records, TrialDetail& into) {
  std::vector<double> ttft, tpot, e2e;
  std::vector<std::pair<std::int64_t, double>> by_prompt;
  for (const RequestRecord& record : records) {
    if (!analysis::measured(record)) continue;
    ttft.push_back(analysis::ttft_ms(record));
    e2e.push_back(analysis::e2e_ms(record));
    if (const auto value = analysis::tpot_ms(record)) tpot.push_back(*value);
    if (record.input_tokens >= 0 && std::isfinite(ttft.back())) {
      by_prompt.emplace_back(record.input_tokens, ttft.back());
    }
  }
  const std::string none = "no request was scheduled in the window";
  const bool answered =
      std::any_of(ttft.begin(), ttft.end(), [](double ms) { return std::isfinite(ms); });
  add_lengths(std::move(by_prompt),
              answered       ? "the server does not count prompt tokens"
              : ttft.empty() ? none
                             : "no measured request succeeded",
              into);
  into.ttft = make_distribution(std::move(ttft), none);
  into.tpot = make_distribution(std::move(tpot), "no request with two output tokens");
  into.e2e = make_distribution(std::move(e2e), none);
  analysis::TokenGaps gaps = analysis::token_gaps(records);
  for (const double gap : gaps.ms) {
    if (std::isfinite(gap)) ++into.gap_counts[gap_bin(gap)];
  }
  into.itl = make_distribution(std::move(gaps.ms),
                               gaps.reason.empty() ? "no request with two chunks" : gaps.reason);
  add_client(records, into);
}

void add_rates(const analysis::TrialFacts& facts, std::span<const RequestRecord> records,
               TrialDetail& into) {
  if (facts.window_start.count() < 0 || facts.window_end <= facts.window_start) return;
  const double seconds = base::to_seconds(facts.window_end - facts.window_start);
  std::array<double, kStrictness.size()> good{};
  double sent = 0.0;
  for (const RequestRecord& record : records) {
    if (record.sent >= facts.window_start && record.sent < facts.window_end) sent += 1.0;
    if (!analysis::measured(record)) continue;
    for (std::size_t i = 0; i < kStrictness.size(); ++i) {
      analysis::Slo slo = facts.slo;
      for (auto* limit : {&slo.ttft_ms, &slo.tpot_ms, &slo.e2e_ms}) {
        if (*limit) *limit = **limit * kStrictness[i];
      }
      if (analysis::meets(slo, record)) good[i] += 1.0;
    }
  }
  into.sent_per_s = sent / seconds;
  if (facts.slo.empty()) return;
  for (const double count : good) into.goodput_at.push_back(count / seconds);
}

}  // namespace tokamark::detail
