#pragma once

#include <optional>

#include "base/clock.h"

namespace tokamark::sim {

/// The first `lasting` of every period `every`, but not of the first period; `lasting` < `every`.
struct WarpWindow {
  base::Nanos lasting{0};
  base::Nanos every{0};
};

/// How planted faults bend the time that work takes. As constructed, not at all. Pure but for the
/// start of its time line, which is the first time it is asked about.
struct StepWarp {
  std::optional<WarpWindow> stall;   ///< nothing proceeds
  std::optional<WarpWindow> tenant;  ///< work proceeds 1/`tenant_factor` as fast
  double tenant_factor = 1;
  double drift_share = 0;  ///< work takes 1 + this times as long once `drift_over` has passed
  base::Nanos drift_over{0};
  std::optional<base::TimePoint> origin;

  /// When work of length `work` ends that is ready to start at `start`.
  base::TimePoint end_of(base::TimePoint start, base::Nanos work);
};

}  // namespace tokamark::sim
