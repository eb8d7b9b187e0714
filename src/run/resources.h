#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "probe/sampler.h"
#include "record/result.h"

namespace tokamark::run {

/// What the GPUs, all of them, hold and draw while no engine runs. Empty where it cannot be read.
struct IdleGpus {
  std::optional<std::int64_t> used_bytes;
  std::optional<double> power_w;
};

/// Reads it now.
IdleGpus read_idle(probe::GpuReader& gpus);

/// Adds it to a trial's resources; the reason stands beside what is not known.
void add_idle(const IdleGpus& idle, record::TrialResources& resources);

/// Takes memory, power and energy of the machine's GPUs out of the resources of an engine that does
/// not use them; the reason stands instead.
void drop_gpus(const std::string& reason, record::TrialResources& resources);

/// Memory before the load ("loaded"), as the window opens ("window") and at its peak (VRAM: in use
/// on all GPUs, whoever uses it), CPU time of engine and machine, and what the GPUs did between two
/// moments after the sampler's start. What was not read is empty, with the reason beside it; so is
/// energy that its check contradicts (methodology M31).
record::TrialResources summarise(const probe::Telemetry& telemetry, base::Nanos from,
                                 base::Nanos to);

/// Whether the most GPU memory that an engine of this family (engine::ServerMetrics, else a kind of
/// engine) holds is a "reservation" or a "need"; empty when the family is not known.
std::string vram_peak_kind(const std::string& family);

}  // namespace tokamark::run
