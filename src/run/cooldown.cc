#include "run/cooldown.h"

#include <fmt/core.h>

#include "probe/gpu_summary.h"

namespace tokamark::run {

std::optional<double> hottest_gpu_c(probe::GpuReader& gpus) {
  const auto readings = gpus.read();
  if (!readings.has_value()) return std::nullopt;
  std::vector<probe::GpuState> states;
  for (const probe::GpuReading& reading : readings.value()) states.push_back(reading.state);
  return probe::hottest_c(states);
}

std::string wait_until_cool(probe::GpuReader& gpus, const CoolRule& rule,
                            const std::atomic<bool>& stop,
                            const std::function<void(std::chrono::milliseconds)>& sleep) {
  std::optional<double> hottest_c;
  for (base::Nanos waited{0}; waited <= rule.longest; waited += rule.pause) {
    if (stop) return "";
    hottest_c = hottest_gpu_c(gpus);
    if (hottest_c && *hottest_c <= rule.start_c + rule.most_c) return "";
    sleep(rule.pause);
  }
  if (!hottest_c) return "the GPUs' temperature could not be read before the engine's start";
  return fmt::format(
      "after {:g} s of waiting a GPU was at {:.0f} °C before the engine's start, {:.0f} °C at the "
      "study's, limit {:.0f} °C more",
      base::to_seconds(rule.longest), *hottest_c, rule.start_c, rule.most_c);
}

}  // namespace tokamark::run
