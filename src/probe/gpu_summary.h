#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "probe/sampler.h"

namespace tokamark::probe {

/// What the GPUs of this machine, all of them, did between two moments. Empty where no sample says
/// it.
struct GpuSummary {
  std::optional<double> energy_j;  ///< by their counters; without them, mean power x time
  /// The power of all GPUs, linear between samples and added up: what the counters are held to.
  std::optional<double> energy_by_power_j;
  /// Longest time between the moments without a reading of the GPUs; empty without any.
  std::optional<double> gap_s;
  std::optional<double> sm_clock_mean_mhz;  ///< over samples and the GPUs busy in them
  /// Share of the samples in which a GPU's hardware slowed its clocks (kHardwareSlowdown).
  std::optional<double> slowdown_share;
  std::optional<double> temperature_start_c;  ///< the hottest GPU as "loaded" begins, else at first
  std::optional<double> temperature_peak_c;   ///< the hottest in any sample between the moments
  std::optional<std::int64_t> other_processes;  ///< most at a time that were not the engine's
};

/// Moments are after the sampler's start. A counter's value at a moment is that of the last sample
/// before it, so energy is that of a span as long, to a sampling interval.
GpuSummary summarise_gpus(const Telemetry& telemetry, base::Nanos from, base::Nanos to);

/// The hottest of these; empty when none tells.
std::optional<double> hottest_c(const std::vector<GpuState>& gpus);

}  // namespace tokamark::probe
