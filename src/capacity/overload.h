#pragma once

#include <cstdint>
#include <optional>

namespace tokamark::capacity {

/// What bounds the time of a request that meets the SLO.
struct RequestLimits {
  std::optional<double> ttft_ms, tpot_ms, e2e_ms;
  std::uint32_t most_output_tokens = 0;  ///< of any request; 0 = not known
};

/// The longest that a request which meets the SLO can take, in seconds: the E2E limit, or that of
/// TTFT plus that of TPOT for each further token, the lesser of both. Empty where neither is given.
std::optional<double> longest_good_request_s(const RequestLimits& limits);

/// Finds overload while a load runs. If every request met the SLO, requests in flight would on
/// average be at most the rate times the longest good request (Little's law). Twice as many for
/// five seconds without a break are called overload.
class OverloadWatch {
 public:
  static constexpr double kTimes = 2.0;
  static constexpr double kHold_s = 5.0;

  /// `most_in_flight` is rate times time, before it is doubled; empty = never overloaded.
  explicit OverloadWatch(std::optional<double> most_in_flight) : most_(most_in_flight) {}

  /// What is in flight at a time after the load's start, in order of time; whether the load has
  /// been seen to be too much, now or before.
  bool add(double elapsed_s, std::uint64_t in_flight);

 private:
  std::optional<double> most_;
  std::optional<double> since_s_;  ///< above the limit since
  bool overloaded_ = false;
};

}  // namespace tokamark::capacity
