#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "probe/nvml.h"

namespace tokamark::run {

/// Memory in use on all GPUs together; empty when it cannot be read.
std::optional<std::int64_t> gpu_memory_used(probe::GpuReader& gpus);

/// How long to wait for GPU memory, and what counts as returned.
struct SettleRule {
  std::chrono::seconds longest{60};
  std::chrono::milliseconds pause{200};
  std::int64_t tolerance_bytes = 256LL << 20;  ///< other programs' memory moves a little
};

/// Waits until memory in use is back to `idle_bytes`, so that one engine's memory is not charged to
/// the next. Drivers free memory some time after the process is gone. Returns a warning when it did
/// not come back in time, else "". `sleep` is called between readings.
std::string wait_for_gpu_memory(probe::GpuReader& gpus, std::int64_t idle_bytes,
                                const SettleRule& rule,
                                const std::function<void(std::chrono::milliseconds)>& sleep);

}  // namespace tokamark::run
