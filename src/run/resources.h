#pragma once

#include "base/clock.h"
#include "probe/sampler.h"
#include "record/result.h"

namespace tokamark::run {

/// Memory before the load ("loaded"), as the window opens ("warmed") and at its peak (VRAM: in use
/// on all GPUs, whoever uses it), the engine's CPU time and what the GPUs did between two moments
/// after the sampler's start. What was not read is empty, with the reason beside it.
record::TrialResources summarise(const probe::Telemetry& telemetry, base::Nanos from,
                                 base::Nanos to);

}  // namespace tokamark::run
