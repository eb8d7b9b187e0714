#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/assert.h"
#include "roofline/gpu_peaks.h"

namespace tokamark::roofline {

namespace {

std::vector<GpuPeaks> read_table() {
  const auto table = nlohmann::json::parse(gpu_peaks_text(), nullptr, false);
  TOKAMARK_ASSERT(table.is_object());  // it is ours, and a test reads it
  std::vector<GpuPeaks> gpus;
  for (const auto& row : table.at("gpus")) {
    gpus.push_back({row.at("name").get<std::string>(), row.at("memory_bytes_per_s").get<double>(),
                    row.at("dense_flops_per_s").get<std::map<std::string, double>>(),
                    row.at("source").get<std::string>()});
  }
  return gpus;
}

}  // namespace

const std::vector<GpuPeaks>& known_gpus() {
  static const std::vector<GpuPeaks> gpus = read_table();
  return gpus;
}

std::optional<GpuPeaks> find_gpu(std::string_view name) {
  const auto& gpus = known_gpus();
  const auto found =
      std::find_if(gpus.begin(), gpus.end(), [name](const GpuPeaks& g) { return g.name == name; });
  return found == gpus.end() ? std::nullopt : std::optional(*found);
}

double flops_per_s(const GpuPeaks& gpu, const std::string& type) {
  const auto found = gpu.dense_flops_per_s.find(type);
  return found == gpu.dense_flops_per_s.end() ? gpu.dense_flops_per_s.at("bf16") : found->second;
}

}  // namespace tokamark::roofline
