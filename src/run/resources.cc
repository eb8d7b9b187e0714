#include "run/resources.h"

#include "probe/gpu_summary.h"

namespace tokamark::run {

record::TrialResources summarise(const probe::Telemetry& telemetry, base::Nanos from,
                                 base::Nanos to) {
  record::TrialResources resources;
  const auto read = [&](const char* phase, std::optional<std::int64_t>& vram,
                        std::optional<std::int64_t>& rss) {
    const probe::Sample* sample = telemetry.first_of(phase);
    if (sample == nullptr) return;
    vram = probe::Telemetry::vram_used(*sample);
    rss = sample->rss_bytes;
  };
  read("loaded", resources.vram_loaded_bytes, resources.rss_loaded_bytes);
  read("warmed", resources.vram_warmed_bytes, resources.rss_warmed_bytes);
  resources.vram_peak_bytes = telemetry.peak_vram_used_bytes();
  resources.rss_peak_bytes = telemetry.peak_rss_bytes();
  if (const auto cpu = telemetry.engine_cpu(from, to)) {
    resources.engine_cpu_s = base::to_seconds(*cpu);
  }

  const probe::GpuSummary gpus = probe::summarise_gpus(telemetry, from, to);
  resources.gpu_energy_j = gpus.energy_j;
  if (gpus.energy_j && to > from) {
    resources.gpu_power_mean_w = *gpus.energy_j / base::to_seconds(to - from);
  }
  resources.gpu_sm_clock_mean_mhz = gpus.sm_clock_mean_mhz;
  resources.gpu_slowdown_share = gpus.slowdown_share;
  resources.gpu_temperature_start_c = gpus.temperature_start_c;
  resources.gpu_temperature_peak_c = gpus.temperature_peak_c;
  resources.gpu_other_processes = gpus.other_processes;

  const auto explain = [&](const char* field, bool there, const std::string& reason) {
    if (!there) resources.reasons[field] = reason.empty() ? "not sampled in time" : reason;
  };
  explain("vram_loaded_bytes", resources.vram_loaded_bytes.has_value(), telemetry.gpu_reason);
  explain("vram_warmed_bytes", resources.vram_warmed_bytes.has_value(), telemetry.gpu_reason);
  explain("vram_peak_bytes", resources.vram_peak_bytes.has_value(), telemetry.gpu_reason);
  explain("rss_loaded_bytes", resources.rss_loaded_bytes.has_value(), telemetry.process_reason);
  explain("rss_warmed_bytes", resources.rss_warmed_bytes.has_value(), telemetry.process_reason);
  explain("rss_peak_bytes", resources.rss_peak_bytes.has_value(), telemetry.process_reason);
  explain("engine_cpu_s", resources.engine_cpu_s.has_value(), telemetry.process_reason);
  const std::string untold =
      telemetry.gpu_reason.empty() ? telemetry.gpu_source + " does not tell" : telemetry.gpu_reason;
  explain("gpu_energy_j", resources.gpu_energy_j.has_value(), untold);
  explain("gpu_power_mean_w", resources.gpu_power_mean_w.has_value(), untold);
  explain("gpu_sm_clock_mean_mhz", resources.gpu_sm_clock_mean_mhz.has_value(),
          telemetry.gpu_reason.empty() ? "no GPU was busy, or " + untold : untold);
  explain("gpu_slowdown_share", resources.gpu_slowdown_share.has_value(), untold);
  explain("gpu_temperature_start_c", resources.gpu_temperature_start_c.has_value(), untold);
  explain("gpu_temperature_peak_c", resources.gpu_temperature_peak_c.has_value(), untold);
  explain("gpu_other_processes", resources.gpu_other_processes.has_value(),
          telemetry.vram_engine_reason);
  return resources;
}

}  // namespace tokamark::run
