#include "sim/fault_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/rng.h"

namespace tokamark::sim {
namespace {

/// What changes the answer's shape: it is still whole and well formed.
void apply_shape(const FaultSpec& spec, RequestFaults& faults) {
  switch (spec.kind) {
    case FaultKind::bundle:
      faults.tokens_per_event = spec.whole("tokens");
      break;
    case FaultKind::coalesce:
      faults.events_per_write = spec.whole("tokens");
      break;
    case FaultKind::early_role:
      faults.role = RolePlace::at_arrival;
      break;
    case FaultKind::late_role:
      faults.role = RolePlace::after_first_token;
      break;
    case FaultKind::buffer:
      faults.buffered = Struck::yes;
      faults.events_per_write = std::numeric_limits<std::int64_t>::max();
      break;
    case FaultKind::no_stream:
      faults.unstreamed = Struck::yes;
      break;
    case FaultKind::prefix_cache:
      faults.cached_share = spec.value("hit_rate");
      break;
    case FaultKind::truncate:
      faults.fewer_tokens = spec.whole("tokens");
      break;
    case FaultKind::overlong:
      faults.more_tokens = spec.whole("tokens");
      break;
    case FaultKind::refuse_one_token:
      faults.one_token = Struck::yes;
      break;
    case FaultKind::wrong_usage:
      faults.usage_factor = spec.value("factor");
      break;
    default:
      break;
  }
}

/// What breaks the answer.
void apply_break(const FaultSpec& spec, RequestFaults& faults) {
  switch (spec.kind) {
    case FaultKind::drop_slowest:
      faults.drop_slowest_share = spec.value("share");
      break;
    case FaultKind::status:
      faults.status = static_cast<int>(spec.whole("code"));
      break;
    case FaultKind::reset:
      faults.reset_after_bytes = spec.whole("after_bytes");
      break;
    case FaultKind::half_open:
      faults.unanswered = Struck::yes;
      break;
    case FaultKind::stall_mid:
      faults.silent_after_tokens = spec.whole("after_tokens");
      break;
    case FaultKind::slow_headers:
      faults.slow_headers = base::from_seconds(spec.value("seconds"));
      break;
    case FaultKind::malformed_sse:
      faults.malformed = Struck::yes;
      break;
    case FaultKind::giant_line:
      faults.giant_bytes = spec.whole("bytes");
      break;
    case FaultKind::no_done:
      faults.no_done = Struck::yes;
      break;
    case FaultKind::error_event:
      faults.error_after_tokens = spec.whole("after_tokens");
      break;
    default:
      break;
  }
}

}  // namespace

FaultPlan::FaultPlan(std::vector<FaultSpec> specs, std::uint64_t seed)
    : specs_(std::move(specs)), seed_(seed) {}

RequestFaults FaultPlan::of_request(std::uint64_t number) const {
  RequestFaults faults;
  for (const FaultSpec& spec : specs_) {
    if (spec.values.count("skip") == 0) continue;  // of the whole engine
    if (number <= static_cast<std::uint64_t>(spec.whole("skip"))) continue;
    // A stream of its own for each fault and request: neither other faults nor the order in which
    // they are given change who is struck.
    const auto kind = static_cast<int>(spec.kind);
    base::Rng rng(base::derive_seed(seed_, fmt::format("fault={}/request={}", kind, number)));
    const bool by_share = spec.kind != FaultKind::drop_slowest;
    if (by_share && rng.uniform() >= spec.value("share")) continue;
    apply_shape(spec, faults);
    apply_break(spec, faults);
  }
  return faults;
}

StepWarp FaultPlan::step_warp() const {
  StepWarp warp;
  const auto window = [](const FaultSpec& spec) {
    return WarpWindow{base::from_seconds(spec.value("seconds")),
                      base::from_seconds(spec.value("every"))};
  };
  for (const FaultSpec& spec : specs_) {
    if (spec.kind == FaultKind::stall) warp.stall = window(spec);
    if (spec.kind == FaultKind::second_tenant) {
      warp.tenant = window(spec);
      warp.tenant_factor = spec.value("factor");
    }
    if (spec.kind == FaultKind::drift) {
      warp.drift_share = spec.value("percent") / 100;
      warp.drift_over = base::from_seconds(spec.value("over_s"));
    }
  }
  return warp;
}

EngineCounters FaultPlan::shown(EngineCounters counters) const {
  for (const FaultSpec& spec : specs_) {
    if (spec.kind != FaultKind::overload_counter) continue;
    const double told = static_cast<double>(counters.generation_tokens) * spec.value("factor");
    counters.generation_tokens = std::llround(told);
  }
  return counters;
}

Struck FaultPlan::among_slowest(base::Nanos latency, double share) {
  constexpr std::size_t kWindow = 512;
  constexpr std::size_t kLeast = 20;
  const auto slower = std::count_if(latencies_.begin(), latencies_.end(),
                                    [latency](base::Nanos other) { return other >= latency; });
  const std::size_t known = latencies_.size();
  latencies_.push_back(latency);
  if (latencies_.size() > kWindow) latencies_.pop_front();
  noted_ += 1;
  // While latencies rise, more than the share are slower than most before them.
  const bool within = static_cast<double>(dropped_ + 1) <= share * static_cast<double>(noted_);
  const bool slow = static_cast<double>(slower) < share * static_cast<double>(known);
  if (known < kLeast || !within || !slow) return Struck::no;
  dropped_ += 1;
  return Struck::yes;
}

}  // namespace tokamark::sim
