#include "run/memory_settle.h"

#include <fmt/core.h>

namespace tokamark::run {

std::optional<std::int64_t> gpu_memory_used(probe::GpuReader& gpus) {
  const auto readings = gpus.read();
  if (!readings.has_value()) return std::nullopt;
  std::int64_t used = 0;
  for (const probe::GpuReading& reading : readings.value()) used += reading.used_bytes;
  return used;
}

std::string wait_for_gpu_memory(probe::GpuReader& gpus, std::int64_t idle_bytes,
                                const SettleRule& rule,
                                const std::function<void(std::chrono::milliseconds)>& sleep) {
  std::optional<std::int64_t> used;
  for (std::chrono::milliseconds waited{0}; waited <= rule.longest; waited += rule.pause) {
    used = gpu_memory_used(gpus);
    if (used && *used <= idle_bytes + rule.tolerance_bytes) return "";
    sleep(rule.pause);
  }
  if (!used) return "GPU memory cannot be read after the engine's end";
  return fmt::format(
      "{:.1f} GiB of GPU memory did not come back within {} s of the engine's end; look for other "
      "processes on the GPU with nvidia-smi",
      static_cast<double>(*used - idle_bytes) / static_cast<double>(1LL << 30),
      rule.longest.count());
}

}  // namespace tokamark::run
