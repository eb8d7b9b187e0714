#include "sim/step_warp.h"

#include <algorithm>
#include <cmath>

namespace tokamark::sim {
namespace {

/// Where an instant lies in the periods of a window.
struct Place {
  bool inside = false;
  base::Nanos until_change{0};  ///< > 0
};

Place place_in(const WarpWindow& window, base::Nanos since_origin) {
  if (since_origin < window.every) return {false, window.every - since_origin};
  const base::Nanos into = since_origin % window.every;
  if (into < window.lasting) return {true, window.lasting - into};
  return {false, window.every - into};
}

}  // namespace

base::TimePoint StepWarp::end_of(base::TimePoint start, base::Nanos work) {
  if (!origin) origin = start;
  base::Nanos at = std::max(start - *origin, base::Nanos{0});
  double left = static_cast<double>(work.count());
  if (drift_over.count() > 0) {
    left *= 1 + drift_share * std::min(1.0, base::to_seconds(at) / base::to_seconds(drift_over));
  }
  if (!stall && !tenant) return start + base::Nanos{std::llround(left)};
  // Ends: every pass but those inside a stall does work, and a stall is never followed by another.
  for (;;) {
    const Place halted = stall ? place_in(*stall, at) : Place{false, base::Nanos::max()};
    if (halted.inside) {
      at += halted.until_change;
      continue;
    }
    const Place slowed = tenant ? place_in(*tenant, at) : Place{false, base::Nanos::max()};
    const double pace = slowed.inside ? tenant_factor : 1.0;
    const base::Nanos span = std::min(halted.until_change, slowed.until_change);
    const double possible = static_cast<double>(span.count()) / pace;
    if (left <= possible) return *origin + at + base::Nanos{std::llround(left * pace)};
    left -= possible;
    at += span;
  }
}

}  // namespace tokamark::sim
