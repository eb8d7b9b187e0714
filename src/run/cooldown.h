#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "base/clock.h"
#include "probe/nvml.h"

namespace tokamark::run {

/// The hottest GPU now, in degrees Celsius; empty when it cannot be read.
std::optional<double> hottest_gpu_c(probe::GpuReader& gpus);

/// How long to wait for the GPUs to cool.
struct CoolRule {
  double start_c = 0.0;  ///< the hottest GPU at the study's start
  double most_c = 3.0;   ///< how much hotter it may be
  base::Nanos longest = std::chrono::seconds(300);
  std::chrono::milliseconds pause{1000};
};

/// Waits until no GPU is hotter than at the study's start, so that no engine starts with a warmer
/// machine than the one before (methodology M30). Returns what is to be said of it when it did not
/// cool in time, else "". Ends early, with "", when `stop` is set. `sleep` is called between
/// readings.
std::string wait_until_cool(probe::GpuReader& gpus, const CoolRule& rule,
                            const std::atomic<bool>& stop,
                            const std::function<void(std::chrono::milliseconds)>& sleep);

}  // namespace tokamark::run
