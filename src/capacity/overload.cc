#include "capacity/overload.h"

#include <algorithm>

namespace tokamark::capacity {

std::optional<double> longest_good_request_s(const RequestLimits& limits) {
  constexpr double kMs = 1e-3;
  std::optional<double> longest;
  if (limits.e2e_ms) longest = *limits.e2e_ms * kMs;
  if (limits.ttft_ms && limits.tpot_ms && limits.most_output_tokens > 0) {
    const double further = limits.most_output_tokens - 1.0;
    const double streamed = (*limits.ttft_ms + *limits.tpot_ms * further) * kMs;
    longest = std::min(longest.value_or(streamed), streamed);
  }
  return longest;
}

bool OverloadWatch::add(double elapsed_s, std::uint64_t in_flight) {
  if (!most_ || overloaded_) return overloaded_;
  if (static_cast<double>(in_flight) <= kTimes * *most_) {
    since_s_.reset();
    return false;
  }
  since_s_ = since_s_.value_or(elapsed_s);
  overloaded_ = elapsed_s - *since_s_ >= kHold_s;
  return overloaded_;
}

}  // namespace tokamark::capacity
