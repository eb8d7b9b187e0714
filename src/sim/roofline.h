#pragma once

#include <cstdint>

#include "base/clock.h"
#include "roofline/step_work.h"
#include "sim/profile.h"

namespace tokamark::sim {

using roofline::StepWork;

/// The parts of a step's time; `total` = max(memory, compute) + overhead.
struct StepTime {
  base::Nanos memory{0};
  base::Nanos compute{0};
  base::Nanos total{0};
};

/// The roofline of the step (Williams, Waterman, Patterson 2009: the slower of memory and
/// compute), with the engine's efficiencies and its overhead a step.
StepTime step_time(const Profile& profile, const StepWork& work);

/// The overhead a step with which a single stream decodes `tokens_per_s` at `context` cached
/// tokens: 1/rate minus the roofline's time, to the nearest nanosecond. The profile's own overhead
/// is not used. Asserts that the rate is below the roofline.
base::Nanos calibrated_overhead(const Profile& profile, double tokens_per_s, std::int64_t context);

}  // namespace tokamark::sim
