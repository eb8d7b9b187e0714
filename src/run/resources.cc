#include "run/resources.h"

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
  return resources;
}

}  // namespace tokamark::run
