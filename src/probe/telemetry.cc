#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

#include "probe/sampler.h"

namespace tokamark::probe {

namespace {

using Json = nlohmann::ordered_json;

template <typename Value>
Json or_null(const std::optional<Value>& value) {
  return value ? Json(*value) : Json();
}

/// A list with a value for each GPU.
template <typename Value>
Json of_each(const std::vector<GpuState>& gpus, std::optional<Value> GpuState::*field) {
  if (gpus.empty()) return {};
  Json list = Json::array();
  for (const GpuState& gpu : gpus) list.push_back(or_null(gpu.*field));
  return list;
}

/// A list with a list of processes for each GPU.
Json to_json(const std::vector<std::vector<GpuProcess>>& gpus) {
  if (gpus.empty()) return {};
  Json list = Json::array();
  for (const std::vector<GpuProcess>& processes : gpus) {
    Json& one = list.emplace_back(Json::array());
    for (const GpuProcess& process : processes) {
      one.push_back({{"pid", process.pid}, {"used_bytes", or_null(process.used_bytes)}});
    }
  }
  return list;
}

Json to_json(const Sample& sample) {
  Json line{{"kind", "machine"}, {"at_s", base::to_seconds(sample.at)}, {"phase", sample.phase}};
  line["vram_used_bytes"] = sample.vram_used_bytes.empty() ? Json() : Json(sample.vram_used_bytes);
  line["vram_engine_bytes"] = or_null(sample.vram_engine_bytes);
  line["rss_bytes"] = or_null(sample.rss_bytes);
  line["cpu_s"] = sample.cpu ? Json(base::to_seconds(*sample.cpu)) : Json();
  line["host_memory_used_bytes"] = sample.host ? Json(sample.host->memory_used_bytes) : Json();
  line["host_cpu_s"] = sample.host ? Json(base::to_seconds(sample.host->cpu)) : Json();
  line["gpu_processes"] = to_json(sample.gpu_processes);
  line["other_gpu_processes"] = or_null(sample.other_gpu_processes);
  line["gpu_power_w"] = of_each(sample.gpus, &GpuState::power_w);
  line["gpu_energy_j"] = of_each(sample.gpus, &GpuState::energy_j);
  line["gpu_sm_clock_mhz"] = of_each(sample.gpus, &GpuState::sm_clock_mhz);
  line["gpu_memory_clock_mhz"] = of_each(sample.gpus, &GpuState::memory_clock_mhz);
  line["gpu_temperature_c"] = of_each(sample.gpus, &GpuState::temperature_c);
  line["gpu_busy_percent"] = of_each(sample.gpus, &GpuState::busy_percent);
  line["gpu_memory_busy_percent"] = of_each(sample.gpus, &GpuState::memory_busy_percent);
  line["gpu_throttle_reasons"] = of_each(sample.gpus, &GpuState::throttle_reasons);
  line["gpu_ecc_errors"] = of_each(sample.gpus, &GpuState::ecc_errors);
  return line;
}

/// A reason that is empty stands for "there is none".
Json reason(const std::string& text) { return text.empty() ? Json() : Json(text); }

/// How much a CPU time grew between the last samples at or before two moments.
template <typename Value>
std::optional<base::Nanos> growth(const std::vector<Sample>& samples, base::Nanos from,
                                  base::Nanos to, Value value) {
  const auto at = [&](base::Nanos moment) {
    std::optional<base::Nanos> found;
    for (const Sample& sample : samples) {
      if (sample.at > moment) break;
      if (const std::optional<base::Nanos> time = value(sample)) found = time;
    }
    return found;
  };
  const auto before = at(from);
  const auto after = at(to);
  if (!before || !after) return std::nullopt;
  return *after - *before;
}

/// Says that samples are missing between these two.
Json gap_line(base::Nanos from, base::Nanos to) {
  return {{"kind", "gap"}, {"at_s", base::to_seconds(from)}, {"until_s", base::to_seconds(to)}};
}

/// The largest value that any sample has.
template <typename Value>
std::optional<std::int64_t> peak(const std::vector<Sample>& samples, Value value) {
  std::optional<std::int64_t> found;
  for (const Sample& sample : samples) {
    if (const std::optional<std::int64_t> bytes = value(sample)) {
      found = std::max(found.value_or(*bytes), *bytes);
    }
  }
  return found;
}

}  // namespace

const Sample* Telemetry::first_of(const std::string& phase) const {
  const auto found = std::find_if(samples.begin(), samples.end(),
                                  [&](const Sample& sample) { return sample.phase == phase; });
  return found == samples.end() ? nullptr : &*found;
}

std::optional<std::int64_t> Telemetry::vram_used(const Sample& sample) {
  if (sample.vram_used_bytes.empty()) return std::nullopt;
  return std::accumulate(sample.vram_used_bytes.begin(), sample.vram_used_bytes.end(),
                         std::int64_t{0});
}

std::optional<std::int64_t> Telemetry::peak_vram_used_bytes() const {
  return peak(samples, vram_used);
}

std::optional<std::int64_t> Telemetry::peak_vram_engine_bytes() const {
  return peak(samples, [](const Sample& sample) { return sample.vram_engine_bytes; });
}

std::optional<std::int64_t> Telemetry::peak_rss_bytes() const {
  return peak(samples, [](const Sample& sample) { return sample.rss_bytes; });
}

std::optional<base::Nanos> Telemetry::engine_cpu(base::Nanos from, base::Nanos to) const {
  return growth(samples, from, to, [](const Sample& sample) { return sample.cpu; });
}

std::optional<base::Nanos> Telemetry::host_cpu(base::Nanos from, base::Nanos to) const {
  return growth(samples, from, to, [](const Sample& sample) {
    return sample.host ? std::optional(sample.host->cpu) : std::nullopt;
  });
}

std::optional<std::int64_t> Telemetry::peak_host_memory_bytes() const {
  return peak(samples, [](const Sample& sample) {
    return sample.host ? std::optional(sample.host->memory_used_bytes) : std::nullopt;
  });
}

std::string to_json_lines(const Telemetry& telemetry, const std::vector<TelemetryLine>& others) {
  Json gpus = Json::array();
  for (const GpuIdentity& gpu : telemetry.gpus) {
    gpus.push_back({{"name", gpu.name}, {"uuid", gpu.uuid}, {"total_bytes", gpu.total_bytes}});
  }
  const Json header{{"kind", "header"},
                    {"interval_ms", telemetry.interval.count()},
                    {"gpus", gpus},
                    {"gpu_source", reason(telemetry.gpu_source)},
                    {"driver_version", reason(telemetry.driver_version)},
                    {"gpu_reason", reason(telemetry.gpu_reason)},
                    {"vram_engine_reason", reason(telemetry.vram_engine_reason)},
                    {"process_reason", reason(telemetry.process_reason)},
                    {"rss", "VmRSS added up over the engine's processes"},
                    {"missed_samples", telemetry.missed}};
  std::string text = header.dump() + "\n";
  const Sample* last = nullptr;
  auto other = others.begin();
  for (const Sample& sample : telemetry.samples) {
    if (last != nullptr && sample.at - last->at > 2 * telemetry.interval) {
      text += gap_line(last->at, sample.at).dump() + "\n";
    }
    for (; other != others.end() && other->at < sample.at; ++other) text += other->json + "\n";
    text += to_json(sample).dump() + "\n";
    last = &sample;
  }
  for (; other != others.end(); ++other) text += other->json + "\n";
  return text;
}

}  // namespace tokamark::probe
