#include "run/resources.h"

#include <fmt/format.h>

#include <cmath>

#include "probe/gpu_summary.h"

namespace tokamark::run {

namespace {

/// Methodology M31: gaps of more than 3 s void energy; counter and integrated power agree within
/// 5 % over windows of 30 s or more. In shorter ones the counter's own steps are too large a part.
constexpr double kLongestGap_s = 3.0;
constexpr double kLeastCheckedWindow_s = 30.0;
constexpr double kMostEnergyDifference = 0.05;

/// Why the energy of a window of this length cannot be believed; empty when it can.
std::string energy_doubt(const probe::GpuSummary& gpus, double window_s) {
  if (gpus.gap_s && *gpus.gap_s > kLongestGap_s) {
    return fmt::format("the GPUs were not read for {:.1f} s of the window, limit {:g} s",
                       *gpus.gap_s, kLongestGap_s);
  }
  if (!gpus.energy_j || !gpus.energy_by_power_j || window_s < kLeastCheckedWindow_s) return "";
  const double difference = std::abs(*gpus.energy_j - *gpus.energy_by_power_j);
  if (difference <= kMostEnergyDifference * *gpus.energy_j) return "";
  return fmt::format("the energy counters say {:.0f} J, the power readings {:.0f} J; limit {:g} %",
                     *gpus.energy_j, *gpus.energy_by_power_j, 100 * kMostEnergyDifference);
}

void add_memory(const probe::Telemetry& telemetry, record::TrialResources& resources) {
  const auto read = [&](const char* phase, std::optional<std::int64_t>& vram,
                        std::optional<std::int64_t>& rss) {
    const probe::Sample* sample = telemetry.first_of(phase);
    if (sample == nullptr) return;
    vram = probe::Telemetry::vram_used(*sample);
    rss = sample->rss_bytes;
  };
  read("loaded", resources.vram_loaded_bytes, resources.rss_loaded_bytes);
  read("window", resources.vram_warmed_bytes, resources.rss_warmed_bytes);
  resources.vram_peak_bytes = telemetry.peak_vram_used_bytes();
  resources.rss_peak_bytes = telemetry.peak_rss_bytes();
  resources.host_memory_peak_bytes = telemetry.peak_host_memory_bytes();
}

void add_gpus(const probe::GpuSummary& gpus, double window_s, record::TrialResources& resources) {
  resources.gpu_energy_by_power_j = gpus.energy_by_power_j;
  resources.gpu_sample_gap_s = gpus.gap_s;
  const std::string doubt = energy_doubt(gpus, window_s);
  if (doubt.empty()) {
    resources.gpu_energy_j = gpus.energy_j;
    if (gpus.energy_j && window_s > 0) resources.gpu_power_mean_w = *gpus.energy_j / window_s;
  } else {
    resources.reasons["gpu_energy_j"] = resources.reasons["gpu_power_mean_w"] = doubt;
  }
  resources.gpu_sm_clock_mean_mhz = gpus.sm_clock_mean_mhz;
  resources.gpu_slowdown_share = gpus.slowdown_share;
  resources.gpu_temperature_start_c = gpus.temperature_start_c;
  resources.gpu_temperature_peak_c = gpus.temperature_peak_c;
  resources.gpu_other_processes = gpus.other_processes;
}

/// Gives every field that is empty its reason, unless it has one.
void explain(const probe::Telemetry& telemetry, record::TrialResources& resources) {
  const auto say = [&](const char* field, bool there, const std::string& reason) {
    if (there) return;
    resources.reasons.try_emplace(field, reason.empty() ? "not sampled in time" : reason);
  };
  const std::string& no_gpu = telemetry.gpu_reason;
  const std::string untold = no_gpu.empty() ? telemetry.gpu_source + " does not tell" : no_gpu;
  say("vram_loaded_bytes", resources.vram_loaded_bytes.has_value(), no_gpu);
  say("vram_warmed_bytes", resources.vram_warmed_bytes.has_value(), no_gpu);
  say("vram_peak_bytes", resources.vram_peak_bytes.has_value(), no_gpu);
  say("rss_loaded_bytes", resources.rss_loaded_bytes.has_value(), telemetry.process_reason);
  say("rss_warmed_bytes", resources.rss_warmed_bytes.has_value(), telemetry.process_reason);
  say("rss_peak_bytes", resources.rss_peak_bytes.has_value(), telemetry.process_reason);
  say("engine_cpu_s", resources.engine_cpu_s.has_value(), telemetry.process_reason);
  say("host_memory_peak_bytes", resources.host_memory_peak_bytes.has_value(), "");
  say("host_cpu_s", resources.host_cpu_s.has_value(), "");
  say("gpu_energy_j", resources.gpu_energy_j.has_value(), untold);
  say("gpu_energy_by_power_j", resources.gpu_energy_by_power_j.has_value(), untold);
  say("gpu_power_mean_w", resources.gpu_power_mean_w.has_value(), untold);
  say("gpu_sample_gap_s", resources.gpu_sample_gap_s.has_value(), no_gpu);
  say("gpu_sm_clock_mean_mhz", resources.gpu_sm_clock_mean_mhz.has_value(),
      no_gpu.empty() ? "no GPU was busy, or " + untold : untold);
  say("gpu_slowdown_share", resources.gpu_slowdown_share.has_value(), untold);
  say("gpu_temperature_start_c", resources.gpu_temperature_start_c.has_value(), untold);
  say("gpu_temperature_peak_c", resources.gpu_temperature_peak_c.has_value(), untold);
  say("gpu_other_processes", resources.gpu_other_processes.has_value(),
      telemetry.vram_engine_reason);
}

}  // namespace

IdleGpus read_idle(probe::GpuReader& gpus) {
  const auto readings = gpus.read();
  if (!readings.has_value()) return {};
  IdleGpus idle{0, 0.0};
  for (const probe::GpuReading& reading : readings.value()) {
    *idle.used_bytes += reading.used_bytes;
    if (idle.power_w && reading.state.power_w) {
      *idle.power_w += *reading.state.power_w;
    } else {
      idle.power_w.reset();
    }
  }
  return idle;
}

void add_idle(const IdleGpus& idle, record::TrialResources& resources) {
  resources.vram_idle_bytes = idle.used_bytes;
  resources.gpu_power_idle_w = idle.power_w;
  const auto no_gpu = resources.reasons.find("vram_peak_bytes");
  const std::string reason = no_gpu != resources.reasons.end()
                                 ? no_gpu->second
                                 : "not read: the engine ran before, or the driver does not tell";
  if (!idle.used_bytes) resources.reasons["vram_idle_bytes"] = reason;
  if (!idle.power_w) resources.reasons["gpu_power_idle_w"] = reason;
}

void drop_gpus(const std::string& reason, record::TrialResources& resources) {
  const auto drop = [&](const char* name, auto& field) {
    field.reset();
    resources.reasons[name] = reason;
  };
  drop("vram_idle_bytes", resources.vram_idle_bytes);
  drop("vram_loaded_bytes", resources.vram_loaded_bytes);
  drop("vram_warmed_bytes", resources.vram_warmed_bytes);
  drop("vram_peak_bytes", resources.vram_peak_bytes);
  drop("gpu_energy_j", resources.gpu_energy_j);
  drop("gpu_energy_by_power_j", resources.gpu_energy_by_power_j);
  drop("gpu_power_mean_w", resources.gpu_power_mean_w);
  drop("gpu_power_idle_w", resources.gpu_power_idle_w);
  resources.vram_peak_kind.clear();
  resources.reasons["vram_peak_kind"] = reason;
}

record::TrialResources summarise(const probe::Telemetry& telemetry, base::Nanos from,
                                 base::Nanos to) {
  record::TrialResources resources;
  add_memory(telemetry, resources);
  if (const auto cpu = telemetry.engine_cpu(from, to)) {
    resources.engine_cpu_s = base::to_seconds(*cpu);
  }
  if (const auto cpu = telemetry.host_cpu(from, to)) resources.host_cpu_s = base::to_seconds(*cpu);
  add_gpus(probe::summarise_gpus(telemetry, from, to), base::to_seconds(to - from), resources);
  explain(telemetry, resources);
  return resources;
}

std::string vram_peak_kind(const std::string& family) {
  if (family == "transformers") return "need";
  // All of them take memory for their KV cache as they start.
  for (const char* reserving : {"vllm", "sglang", "tensorrt-llm", "llama.cpp"}) {
    if (family == reserving) return "reservation";
  }
  return "";
}

}  // namespace tokamark::run
