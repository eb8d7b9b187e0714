#include "run/resources.h"

#include <gtest/gtest.h>

namespace tokamark::run {
namespace {

using std::chrono::seconds;

probe::Sample sample(int at_s, const char* phase, std::int64_t rss, int cpu_s) {
  probe::Sample s;
  s.at = seconds(at_s);
  s.phase = phase;
  s.rss_bytes = rss;
  s.cpu = seconds(cpu_s);
  return s;
}

TEST(Resources, GiveEachPhaseThePeakAndTheWindowsCpuAndSayThatThereIsNoGpu) {
  probe::Telemetry telemetry;
  telemetry.gpu_reason = "no GPU: no NVML, no nvidia-smi";
  telemetry.samples = {sample(0, "loaded", 100, 1), sample(1, "loaded", 110, 2),
                       sample(2, "warmed", 300, 4), sample(3, "warmed", 200, 9)};
  const auto resources = summarise(telemetry, seconds(1), seconds(3));
  EXPECT_EQ(resources.rss_loaded_bytes, 100);
  EXPECT_EQ(resources.rss_warmed_bytes, 300);
  EXPECT_EQ(resources.rss_peak_bytes, 300);
  EXPECT_DOUBLE_EQ(resources.engine_cpu_s.value(), 7.0);
  EXPECT_FALSE(resources.vram_peak_bytes.has_value());
  EXPECT_EQ(resources.reasons.at("vram_peak_bytes"), telemetry.gpu_reason);
  EXPECT_EQ(resources.reasons.count("rss_peak_bytes"), 0U);
}

TEST(Resources, AnAttachedServerHasNoProcessFiguresAndSaysWhy) {
  probe::Telemetry telemetry;
  telemetry.process_reason = "attached: its processes are not ours";
  const auto resources = summarise(telemetry, seconds(0), seconds(1));
  EXPECT_FALSE(resources.rss_peak_bytes.has_value());
  EXPECT_EQ(resources.reasons.at("engine_cpu_s"), telemetry.process_reason);
}

}  // namespace
}  // namespace tokamark::run
