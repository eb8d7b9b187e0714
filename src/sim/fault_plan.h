#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "sim/faults.h"
#include "sim/step_loop.h"

namespace tokamark::sim {

/// Where a chat stream has its role chunk.
enum class RolePlace { with_first_token, at_arrival, after_first_token };
/// Whether a fault of this name strikes the request.
enum class Struck { no, yes };

/// What the planted faults do to one request; as constructed, nothing.
struct RequestFaults {
  std::int64_t tokens_per_event = 1;
  std::int64_t events_per_write = 1;
  RolePlace role = RolePlace::with_first_token;
  Struck buffered = Struck::no;    ///< the head waits with the body for the end
  Struck unstreamed = Struck::no;  ///< `stream` is ignored
  double cached_share = 0;         ///< of the prompt tokens
  std::int64_t fewer_tokens = 0;
  std::int64_t more_tokens = 0;
  Struck one_token = Struck::no;
  double usage_factor = 1;
  double drop_slowest_share = 0;  ///< 0 = none is dropped
  std::optional<int> status;      ///< answered with this HTTP error
  std::optional<std::int64_t> reset_after_bytes;
  Struck unanswered = Struck::no;
  std::optional<std::int64_t> silent_after_tokens;
  base::Nanos slow_headers{0};
  Struck malformed = Struck::no;
  std::int64_t giant_bytes = 0;
  Struck no_done = Struck::no;
  std::optional<std::int64_t> error_after_tokens;
};

/// The planted faults of one server: decides for each request, and bends the times of steps and the
/// counters. The same specs and seed decide alike for the n-th request. One thread.
class FaultPlan {
 public:
  /// No faults.
  FaultPlan() = default;
  FaultPlan(std::vector<FaultSpec> specs, std::uint64_t seed);

  /// The faults of the request with this number; the first is 1.
  [[nodiscard]] RequestFaults of_request(std::uint64_t number) const;
  /// When steps are stretched or halted.
  [[nodiscard]] StepWarp step_warp() const;
  /// The counters as the metrics page tells them.
  [[nodiscard]] EngineCounters shown(EngineCounters counters) const;
  /// Notes the latency of a request that is about to end; whether it is among the slowest `share`
  /// of the last 512 noted. No until 20 were noted, and never for more than the share of all.
  Struck among_slowest(base::Nanos latency, double share);

 private:
  std::vector<FaultSpec> specs_;
  std::uint64_t seed_ = 0;
  std::deque<base::Nanos> latencies_;  ///< the last 512, oldest first
  std::int64_t noted_ = 0;
  std::int64_t dropped_ = 0;
};

}  // namespace tokamark::sim
