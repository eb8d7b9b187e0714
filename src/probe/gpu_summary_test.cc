#include "probe/gpu_summary.h"

#include <gtest/gtest.h>

namespace tokamark::probe {
namespace {

using std::chrono::seconds;

/// Two GPUs at this second: the first idles at 50 W, the second is the one described.
Sample sample(int at_s, double energy_j, double power_w, double clock_mhz, double temperature_c,
              std::uint64_t throttle) {
  Sample s;
  s.at = seconds(at_s);
  s.gpus = {{.power_w = 50,
             .energy_j = 50.0 * at_s,
             .sm_clock_mhz = 1000,
             .memory_clock_mhz = {},
             .temperature_c = 30,
             .busy_percent = {},
             .memory_busy_percent = {},
             .throttle_reasons = 1,
             .ecc_errors = {}},
            {.power_w = power_w,
             .energy_j = energy_j,
             .sm_clock_mhz = clock_mhz,
             .memory_clock_mhz = {},
             .temperature_c = temperature_c,
             .busy_percent = {},
             .memory_busy_percent = {},
             .throttle_reasons = throttle,
             .ecc_errors = {}}};
  return s;
}

Telemetry five_seconds() {
  Telemetry telemetry;
  telemetry.samples = {sample(0, 0, 100, 1980, 45, 0), sample(1, 400, 400, 1980, 60, 4),
                       sample(2, 800, 400, 1960, 70, 0x48), sample(3, 1200, 400, 1940, 80, 0),
                       sample(4, 2000, 800, 1000, 90, 0x80)};
  return telemetry;
}

// In the window from 1 s to 3 s: samples 1, 2 and 3.
TEST(GpuSummary, IsOfTheWindow) {
  Telemetry telemetry = five_seconds();
  telemetry.samples[2].other_gpu_processes = 2;
  telemetry.samples[3].other_gpu_processes = 0;
  telemetry.samples[4].other_gpu_processes = 9;
  const GpuSummary summary = summarise_gpus(telemetry, seconds(1), seconds(3));
  EXPECT_DOUBLE_EQ(summary.energy_j.value(), 2 * 50 + 800);
  EXPECT_DOUBLE_EQ(summary.sm_clock_mean_mhz.value(), (1000 + (1980 + 1960 + 1940) / 3.0) / 2);
  EXPECT_DOUBLE_EQ(summary.slowdown_share.value(), 1 / 3.0);  // 4 is a power cap, which is set
  EXPECT_DOUBLE_EQ(summary.temperature_start_c.value(), 45);
  EXPECT_DOUBLE_EQ(summary.temperature_peak_c.value(), 80);
  EXPECT_EQ(summary.other_processes, 2);
}

// Power of the second GPU at 1, 2 and 3 s: 400, 400 and 800 W; the first takes 50 W all the time.
// From 0.5 to 3.5 s: (0.5 + 1) 450 + (450 + 850) / 2 + 0.5 x 850 = 675 + 650 + 425 J.
TEST(GpuSummary, PowerIsIntegratedOverTheWindowAndItsLongestGapIsTold) {
  Telemetry telemetry = five_seconds();
  telemetry.samples[3].gpus[1].power_w = 800;
  const GpuSummary summary =
      summarise_gpus(telemetry, std::chrono::milliseconds(500), std::chrono::milliseconds(3500));
  EXPECT_DOUBLE_EQ(summary.energy_by_power_j.value(), 1750);
  EXPECT_DOUBLE_EQ(summary.gap_s.value(), 1);
  telemetry.samples[2].gpus.clear();  // a reading that failed
  const GpuSummary gap = summarise_gpus(telemetry, seconds(1), seconds(3));
  EXPECT_DOUBLE_EQ(gap.gap_s.value(), 2);
  EXPECT_DOUBLE_EQ(gap.energy_by_power_j.value(), (450 + 850) / 2 * 2);
  telemetry.samples[1].gpus[0].power_w.reset();
  EXPECT_FALSE(summarise_gpus(telemetry, seconds(1), seconds(3)).energy_by_power_j.has_value());
}

TEST(GpuSummary, AnIdleGpuHasNoClockThatCounts) {
  Telemetry telemetry = five_seconds();
  for (Sample& s : telemetry.samples) s.gpus[0].busy_percent = 0;
  const GpuSummary one = summarise_gpus(telemetry, seconds(1), seconds(3));
  EXPECT_DOUBLE_EQ(one.sm_clock_mean_mhz.value(), 1960);
  for (Sample& s : telemetry.samples) s.gpus[1].busy_percent = 0;
  EXPECT_FALSE(summarise_gpus(telemetry, seconds(1), seconds(3)).sm_clock_mean_mhz.has_value());
}

TEST(GpuSummary, TakesMeanPowerWhereThereIsNoEnergyCounter) {
  Telemetry telemetry = five_seconds();
  for (Sample& s : telemetry.samples) s.gpus[0].energy_j.reset();
  const GpuSummary summary = summarise_gpus(telemetry, seconds(1), seconds(3));
  EXPECT_DOUBLE_EQ(summary.energy_j.value(), (50 + 400) * 2);
}

TEST(GpuSummary, SaysNothingWithoutAGpu) {
  Telemetry telemetry;
  telemetry.samples.resize(3);
  const GpuSummary summary = summarise_gpus(telemetry, seconds(0), seconds(3));
  EXPECT_FALSE(summary.energy_by_power_j || summary.gap_s);
  EXPECT_FALSE(summary.energy_j || summary.sm_clock_mean_mhz || summary.slowdown_share ||
               summary.temperature_start_c || summary.temperature_peak_c ||
               summary.other_processes);
}

}  // namespace
}  // namespace tokamark::probe
