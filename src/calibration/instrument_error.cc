#include "calibration/instrument_error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <vector>

#include "stats/quantile.h"

namespace tokamark::calibration {

namespace {

using record::RequestRecord;

record::ClientError summary(std::vector<double> signed_errors) {
  record::ClientError error;
  if (signed_errors.empty()) return error;
  std::sort(signed_errors.begin(), signed_errors.end());
  error.p50 = stats::nearest_rank(signed_errors, 0.5);
  for (double& value : signed_errors) value = std::abs(value);
  std::sort(signed_errors.begin(), signed_errors.end());
  error.p99 = stats::nearest_rank(signed_errors, 0.99);
  error.max = signed_errors.back();
  return error;
}

struct Errors {
  std::vector<double> ttft, itl, token, lateness, delay, true_ttft;
};

/// Adds one request; false when its chunks are not those that the server wrote.
bool add_request(const RequestRecord& r, const sim::TruthRecord& truth, base::TimePoint start,
                 std::uint32_t tokens_per_chunk, Errors& errors) {
  const std::vector<record::Chunk> chunks = r.chunks.unpacked();
  const std::size_t written = (truth.emissions.size() + tokens_per_chunk - 1) / tokens_per_chunk;
  if (written == 0 || chunks.size() != written) return false;
  const auto true_time = [&](std::size_t chunk) {
    return truth.emissions[chunk * tokens_per_chunk] - start;
  };
  errors.ttft.push_back(base::to_ms(r.first_token - true_time(0)));
  errors.true_ttft.push_back(base::to_ms(true_time(0) - r.scheduled));
  errors.lateness.push_back(base::to_ms(r.sent - r.scheduled));
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    errors.token.push_back(base::to_ms(chunks[i].time - true_time(i)));
    errors.delay.push_back(base::to_ms(chunks[i].receive_delay));
    if (i == 0) continue;
    const base::Nanos measured = chunks[i].time - chunks[i - 1].time;
    errors.itl.push_back(base::to_ms(measured - (true_time(i) - true_time(i - 1))));
  }
  return true;
}

}  // namespace

InstrumentError compare(std::span<const RequestRecord> records,
                        std::span<const sim::TruthRecord> truth, base::TimePoint start,
                        std::uint32_t tokens_per_chunk) {
  std::unordered_map<std::string, const sim::TruthRecord*> by_id;
  for (const sim::TruthRecord& t : truth) by_id[t.request_id] = &t;
  InstrumentError result;
  Errors errors;
  std::int64_t shared = 0;
  for (const RequestRecord& r : records) {
    if (r.phase != record::Phase::measured) continue;
    const auto found = by_id.find("tokamark-" + std::to_string(r.sequence));
    if (r.status != record::RequestStatus::succeeded || found == by_id.end() ||
        !add_request(r, *found->second, start, tokens_per_chunk, errors)) {
      ++result.failed;
      continue;
    }
    ++result.requests;
    result.tokens += r.output_tokens;
    // The first event shares its write with the role, the last with usage and end: by design.
    std::size_t i = 0;
    for (const record::Chunk& chunk : r.chunks) {
      const bool between = i > 0 && i + 1 < r.chunks.size();
      shared += between && (chunk.flags & record::kSharedRead) != 0 ? 1 : 0;
      ++i;
    }
  }
  if (!errors.token.empty()) {
    result.shared_read_share =
        static_cast<double>(shared) / static_cast<double>(errors.token.size());
    std::sort(errors.true_ttft.begin(), errors.true_ttft.end());
    result.ttft_true_p50_ms = stats::nearest_rank(errors.true_ttft, 0.5);
  }
  result.ttft_error_ms = summary(std::move(errors.ttft));
  result.itl_error_ms = summary(std::move(errors.itl));
  result.token_time_error_ms = summary(std::move(errors.token));
  result.lateness_ms = summary(std::move(errors.lateness));
  result.receive_delay_ms = summary(std::move(errors.delay));
  return result;
}

std::string distrust(const InstrumentError& error, const TrustRule& rule) {
  if (error.failed > 0) return fmt::format("{} requests failed", error.failed);
  if (!error.ttft_error_ms.p99) return "no request ended in the window";
  const auto above = [&](const record::ClientError& e, double latency_ms) {
    return e.p99 && *e.p99 > std::min(rule.most_ms, rule.most_share * latency_ms);
  };
  if (above(error.ttft_error_ms, rule.ttft_ms)) {
    return fmt::format("p99 TTFT error {:.3f} ms", *error.ttft_error_ms.p99);
  }
  if (above(error.itl_error_ms, rule.itl_ms)) {
    return fmt::format("p99 ITL error {:.3f} ms", *error.itl_error_ms.p99);
  }
  if (error.lateness_ms.p99 && *error.lateness_ms.p99 > rule.most_ms) {
    return fmt::format("p99 send lateness {:.3f} ms", *error.lateness_ms.p99);
  }
  return {};
}

}  // namespace tokamark::calibration
