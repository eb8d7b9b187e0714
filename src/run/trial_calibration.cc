#include "run/trial_calibration.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "stats/quantile.h"

namespace tokamark::run {

namespace {

/// The null engine's timer is not set finer than this.
constexpr base::Nanos kLeastGap = std::chrono::microseconds(100);

double median_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return stats::median(values);
}

}  // namespace

Pace pace_of(std::span<const record::RequestRecord> records) {
  std::vector<double> first_s, gap_s, per_chunk, tokens;
  for (const record::RequestRecord& r : records) {
    if (r.status != record::RequestStatus::succeeded || r.chunks.empty()) continue;
    const auto output = static_cast<double>(r.output_tokens);
    first_s.push_back(base::to_seconds(r.first_token - r.sent));
    tokens.push_back(output);
    per_chunk.push_back(output / static_cast<double>(r.chunks.size()));
    if (r.output_tokens > 1) {
      gap_s.push_back(base::to_seconds(r.last_token - r.first_token) / (output - 1.0));
    }
  }
  Pace pace;
  if (first_s.empty()) return pace;
  pace.first_token = base::from_seconds(median_of(first_s));
  pace.output_tokens = static_cast<std::uint32_t>(std::max(1.0, median_of(tokens)));
  pace.tokens_per_chunk =
      static_cast<std::uint32_t>(std::clamp(std::round(median_of(per_chunk)), 1.0, 1000.0));
  if (!gap_s.empty()) pace.token_gap = base::from_seconds(median_of(gap_s));
  return pace;
}

calibration::CalibrationShape calibration_shape(const workload::LoadShape& load, const Pace& pace,
                                                std::uint32_t threads, base::Nanos length) {
  calibration::CalibrationShape shape;
  shape.load = load;
  shape.threads = threads;
  shape.length = length;
  shape.first_token = std::min(pace.first_token, length / 2);
  shape.token_gap = std::max(pace.token_gap, kLeastGap);
  shape.tokens_per_chunk = pace.tokens_per_chunk;
  shape.bursts = 1;  // a step of an engine writes a token of every stream it runs
  const auto room = static_cast<std::uint64_t>((length - shape.first_token) / shape.token_gap);
  const std::uint64_t least = 2ULL * pace.tokens_per_chunk;  // one gap between chunks
  shape.output_tokens = static_cast<std::uint32_t>(
      std::max<std::uint64_t>(std::min<std::uint64_t>(pace.output_tokens, room), least));
  return shape;
}

nlohmann::json calibrate_trial(const calibration::CalibrationShape& shape,
                               const std::atomic<bool>& stop) {
  const auto result = calibration::calibrate(shape, stop);
  if (!result.has_value()) return {{"skipped", result.error().message}};
  return calibration::to_json(result.value());
}

}  // namespace tokamark::run
