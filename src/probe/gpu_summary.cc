#include "probe/gpu_summary.h"

#include <algorithm>
#include <span>

namespace tokamark::probe {

namespace {

template <typename Value>
void keep_most(std::optional<Value>& most, const std::optional<Value>& value) {
  if (value && (!most || *value > *most)) most = value;
}

/// The sum of a field over the GPUs; empty unless each tells it.
std::optional<double> total(const std::vector<GpuState>& gpus,
                            std::optional<double> GpuState::*field) {
  if (gpus.empty()) return std::nullopt;
  double sum = 0.0;
  for (const GpuState& gpu : gpus) {
    if (!(gpu.*field)) return std::nullopt;
    sum += *(gpu.*field);
  }
  return sum;
}

/// The mean of a figure over samples, of those that have it.
template <typename Figure>
std::optional<double> mean(std::span<const Sample> samples, Figure figure) {
  double sum = 0.0;
  std::size_t count = 0;
  for (const Sample& sample : samples) {
    const std::optional<double> value = figure(sample);
    if (!value) continue;
    sum += *value;
    ++count;
  }
  return count == 0 ? std::nullopt : std::optional(sum / static_cast<double>(count));
}

std::optional<double> energy(const Telemetry& telemetry, std::span<const Sample> inside,
                             base::Nanos from, base::Nanos to) {
  const auto counter_at = [&](base::Nanos moment) {
    std::optional<double> found;
    for (const Sample& sample : telemetry.samples) {
      if (sample.at > moment) break;
      if (const auto sum = total(sample.gpus, &GpuState::energy_j)) found = sum;
    }
    return found;
  };
  const auto before = counter_at(from);
  const auto after = counter_at(to);
  if (before && after) return *after - *before;
  const auto power_w =
      mean(inside, [](const Sample& sample) { return total(sample.gpus, &GpuState::power_w); });
  return power_w ? std::optional(*power_w * base::to_seconds(to - from)) : std::nullopt;
}

/// The trapezoids between the samples, and a rectangle at each edge; empty unless every sample with
/// a GPU tells the power of each.
std::optional<double> energy_by_power(std::span<const Sample> inside, base::Nanos from,
                                      base::Nanos to) {
  std::optional<double> last_w;
  base::Nanos last = from;
  double sum_j = 0.0;
  for (const Sample& sample : inside) {
    if (sample.gpus.empty()) continue;
    const auto power_w = total(sample.gpus, &GpuState::power_w);
    if (!power_w) return std::nullopt;
    sum_j += (last_w.value_or(*power_w) + *power_w) / 2 * base::to_seconds(sample.at - last);
    last_w = power_w;
    last = sample.at;
  }
  if (!last_w) return std::nullopt;
  return sum_j + *last_w * base::to_seconds(to - last);
}

std::optional<double> longest_gap_s(std::span<const Sample> inside, base::Nanos from,
                                    base::Nanos to) {
  base::Nanos longest{0}, last = from;
  bool any = false;
  for (const Sample& sample : inside) {
    if (sample.gpus.empty()) continue;
    any = true;
    longest = std::max(longest, sample.at - last);
    last = sample.at;
  }
  if (!any) return std::nullopt;
  return base::to_seconds(std::max(longest, to - last));
}

/// Of the GPUs that were not idle: the clock of an idle one says nothing about an engine.
std::optional<double> mean_clock(const Sample& sample) {
  double sum = 0.0;
  std::size_t count = 0;
  for (const GpuState& gpu : sample.gpus) {
    if (!gpu.sm_clock_mhz || gpu.busy_percent == 0.0) continue;
    sum += *gpu.sm_clock_mhz;
    ++count;
  }
  return count == 0 ? std::nullopt : std::optional(sum / static_cast<double>(count));
}

/// 1 when a GPU was slowed, 0 when none was, empty when that is not known.
std::optional<double> slowed(const Sample& sample) {
  std::optional<double> found;
  for (const GpuState& gpu : sample.gpus) {
    if (!gpu.throttle_reasons) continue;
    keep_most(found, std::optional((*gpu.throttle_reasons & kHardwareSlowdown) != 0 ? 1.0 : 0.0));
  }
  return found;
}

}  // namespace

std::optional<double> hottest_c(const std::vector<GpuState>& gpus) {
  std::optional<double> most;
  for (const GpuState& gpu : gpus) keep_most(most, gpu.temperature_c);
  return most;
}

GpuSummary summarise_gpus(const Telemetry& telemetry, base::Nanos from, base::Nanos to) {
  const std::vector<Sample>& all = telemetry.samples;
  const auto first =
      std::find_if(all.begin(), all.end(), [&](const Sample& sample) { return sample.at >= from; });
  const auto last =
      std::find_if(first, all.end(), [&](const Sample& sample) { return sample.at > to; });
  const std::span<const Sample> inside(first, last);
  GpuSummary summary;
  summary.energy_j = energy(telemetry, inside, from, to);
  summary.energy_by_power_j = energy_by_power(inside, from, to);
  summary.gap_s = longest_gap_s(inside, from, to);
  summary.sm_clock_mean_mhz = mean(inside, mean_clock);
  summary.slowdown_share = mean(inside, slowed);
  const Sample* start = telemetry.first_of("loaded");
  if (start == nullptr && !all.empty()) start = &all.front();
  if (start != nullptr) summary.temperature_start_c = hottest_c(start->gpus);
  for (const Sample& sample : inside) {
    keep_most(summary.temperature_peak_c, hottest_c(sample.gpus));
    keep_most(summary.other_processes, sample.other_gpu_processes);
  }
  return summary;
}

}  // namespace tokamark::probe
