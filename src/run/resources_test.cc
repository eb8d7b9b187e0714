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
  s.host = probe::HostUsage{1000 + at_s, seconds(10 * at_s)};
  return s;
}

TEST(Resources, GiveEachPhaseThePeakAndTheWindowsCpuAndSayThatThereIsNoGpu) {
  probe::Telemetry telemetry;
  telemetry.gpu_reason = "no GPU: no NVML, no nvidia-smi";
  telemetry.samples = {sample(0, "loaded", 100, 1), sample(1, "loaded", 110, 2),
                       sample(2, "window", 300, 4), sample(3, "window", 200, 9)};
  const auto resources = summarise(telemetry, seconds(1), seconds(3));
  EXPECT_EQ(resources.rss_loaded_bytes, 100);
  EXPECT_EQ(resources.rss_warmed_bytes, 300);
  EXPECT_EQ(resources.rss_peak_bytes, 300);
  EXPECT_DOUBLE_EQ(resources.engine_cpu_s.value(), 7.0);
  EXPECT_DOUBLE_EQ(resources.host_cpu_s.value(), 20);
  EXPECT_EQ(resources.host_memory_peak_bytes, 1003);
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

/// A GPU of 100 W whose counter gains `counted_w` joules a second, seen once a second for 40 s.
probe::Telemetry forty_seconds(double counted_w) {
  probe::Telemetry telemetry;
  telemetry.gpu_source = "NVML";
  for (int at_s = 0; at_s <= 40; ++at_s) {
    probe::GpuState state;
    state.power_w = 100;
    state.energy_j = counted_w * at_s;
    probe::Sample one = sample(at_s, "window", 1, at_s);
    one.vram_used_bytes = {7};
    one.gpus = {state};
    telemetry.samples.push_back(one);
  }
  return telemetry;
}

TEST(Resources, EnergyIsGivenWhereCounterAndPowerAgree) {
  const auto resources = summarise(forty_seconds(104.9), seconds(5), seconds(35));
  EXPECT_NEAR(resources.gpu_energy_j.value(), 3147, 1e-9);
  EXPECT_DOUBLE_EQ(resources.gpu_energy_by_power_j.value(), 3000);
  EXPECT_NEAR(resources.gpu_power_mean_w.value(), 104.9, 1e-9);
  EXPECT_DOUBLE_EQ(resources.gpu_sample_gap_s.value(), 1);
}

TEST(Resources, EnergyThatThePowerReadingsContradictIsNotGiven) {
  const auto resources = summarise(forty_seconds(110), seconds(5), seconds(35));
  EXPECT_FALSE(resources.gpu_energy_j || resources.gpu_power_mean_w);
  EXPECT_EQ(resources.reasons.at("gpu_energy_j"),
            "the energy counters say 3300 J, the power readings 3000 J; limit 5 %");
  // In 29 s the counter's steps are too large a part to judge.
  EXPECT_TRUE(summarise(forty_seconds(110), seconds(5), seconds(34)).gpu_energy_j.has_value());
}

TEST(Resources, EnergyAcrossALongGapIsNotGiven) {
  probe::Telemetry telemetry = forty_seconds(100);
  const auto begin = telemetry.samples.begin();
  telemetry.samples.erase(begin + 11, begin + 13);  // 11 and 12 s: a gap of 3 s
  EXPECT_TRUE(summarise(telemetry, seconds(5), seconds(35)).gpu_energy_j.has_value());
  telemetry.samples.erase(telemetry.samples.begin() + 11);
  const auto resources = summarise(telemetry, seconds(5), seconds(35));
  EXPECT_FALSE(resources.gpu_energy_j.has_value());
  EXPECT_EQ(resources.reasons.at("gpu_energy_j"),
            "the GPUs were not read for 4.0 s of the window, limit 3 s");
}

/// Two GPUs; the second may be silent about its power.
class TwoGpus final : public probe::GpuReader {
 public:
  std::optional<double> second_w = 70;
  [[nodiscard]] std::string source() const override { return "NVML"; }
  [[nodiscard]] const std::vector<probe::GpuIdentity>& gpus() const override { return gpus_; }
  [[nodiscard]] std::string driver_version() const override { return ""; }
  base::Result<std::vector<probe::GpuReading>> read() override {
    std::vector<probe::GpuReading> readings(2);
    readings[0].used_bytes = 100;
    readings[0].state.power_w = 60;
    readings[1].used_bytes = 20;
    readings[1].state.power_w = second_w;
    return readings;
  }

 private:
  std::vector<probe::GpuIdentity> gpus_;
};

TEST(Resources, IdleFiguresAreOfAllGpusOrSayWhyNot) {
  TwoGpus gpus;
  record::TrialResources resources;
  add_idle(read_idle(gpus), resources);
  EXPECT_EQ(resources.vram_idle_bytes, 120);
  EXPECT_DOUBLE_EQ(resources.gpu_power_idle_w.value(), 130);
  EXPECT_TRUE(resources.reasons.empty());
  gpus.second_w.reset();
  resources = {};
  add_idle(read_idle(gpus), resources);
  EXPECT_EQ(resources.vram_idle_bytes, 120);
  EXPECT_FALSE(resources.gpu_power_idle_w.has_value());
  EXPECT_EQ(resources.reasons.count("gpu_power_idle_w"), 1U);
}

TEST(Resources, OfAnEngineOnTheCpuHaveNoFiguresOfTheMachinesGpus) {
  auto resources = summarise(forty_seconds(100), seconds(5), seconds(35));
  TwoGpus gpus;
  add_idle(read_idle(gpus), resources);
  ASSERT_TRUE(resources.vram_peak_bytes && resources.gpu_energy_j);
  drop_gpus("the engine was told to compute on the CPU", resources);
  EXPECT_FALSE(resources.vram_idle_bytes || resources.vram_peak_bytes || resources.gpu_energy_j);
  EXPECT_FALSE(resources.gpu_power_mean_w || resources.gpu_power_idle_w);
  EXPECT_EQ(resources.reasons.at("vram_peak_bytes"), "the engine was told to compute on the CPU");
  EXPECT_EQ(resources.rss_peak_bytes, 1);
}

TEST(Resources, AnEngineThatTakesItsCacheInAdvanceHasAReservationNotANeed) {
  EXPECT_EQ(vram_peak_kind("vllm"), "reservation");
  EXPECT_EQ(vram_peak_kind("llama.cpp"), "reservation");
  EXPECT_EQ(vram_peak_kind("transformers"), "need");
  EXPECT_EQ(vram_peak_kind("openai"), "");
}

}  // namespace
}  // namespace tokamark::run
