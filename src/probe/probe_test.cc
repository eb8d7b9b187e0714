#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "probe/nvidia_smi.h"
#include "probe/sampler.h"

namespace tokamark::probe {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

constexpr std::int64_t kGiB = std::int64_t{1} << 30;
constexpr std::int64_t kMiB = std::int64_t{1} << 20;

/// Sets a variable for one test.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) {
    ::setenv(name, value.c_str(), 1);
  }
  ~Variable() { ::unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
};

TEST(ProcessUsage, ReadsResidentPagesAndTimes) {
  EXPECT_EQ(parse_statm_resident_pages("2048 512 128 1 0 256 0\n"), 512);
  EXPECT_FALSE(parse_statm_resident_pages("2048").has_value());
  // proc(5): utime is field 14, stime 15, starttime 22; here 14, 15 and 22 themselves.
  const auto times =
      parse_stat_times("7 (a) b) S 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23");
  ASSERT_TRUE(times.has_value());
  EXPECT_EQ(times->cpu_ticks, 14 + 15);
  EXPECT_EQ(times->started_ticks, 22);
  EXPECT_FALSE(parse_stat_times("7 (a) S 4").has_value());
  EXPECT_FALSE(parse_stat_times("").has_value());
}

TEST(ProcessUsage, MeasuresThisProcessAndKnowsNothingOfNone) {
  ProcessMeter meter;
  const auto usage = meter.read({::getpid()});
  ASSERT_TRUE(usage.has_value());
  EXPECT_GT(usage->rss_bytes, 0);
  EXPECT_FALSE(ProcessMeter().read({}).has_value());
  EXPECT_FALSE(ProcessMeter().read({-1}).has_value());
}

TEST(Nvml, ReadsEveryGpuAndItsProcesses) {
  const Variable pid("STUB_NVML_PID", "4242");
  auto nvml = open_nvml(STUB_NVML);
  ASSERT_TRUE(nvml.has_value()) << nvml.error().message;
  EXPECT_EQ(nvml.value()->driver_version(), "580.95.05");
  ASSERT_EQ(nvml.value()->gpus().size(), 2U);
  EXPECT_EQ(nvml.value()->gpus()[1].uuid, "GPU-1");
  EXPECT_EQ(nvml.value()->gpus()[1].name, "NVIDIA Stub 80GB");
  EXPECT_EQ(nvml.value()->gpus()[1].total_bytes, 80 * kGiB);
  const auto readings = nvml.value()->read();
  ASSERT_TRUE(readings.has_value()) << readings.error().message;
  EXPECT_EQ(readings.value()[0].used_bytes, kGiB);
  EXPECT_TRUE(readings.value()[0].processes.empty());
  EXPECT_EQ(readings.value()[1].used_bytes, 5 * kGiB);
  ASSERT_EQ(readings.value()[1].processes.size(), 2U);
  EXPECT_FALSE(readings.value()[1].processes[0].used_bytes.has_value()) << "not available";
  EXPECT_EQ(readings.value()[1].processes[1].pid, 4242);
  EXPECT_EQ(readings.value()[1].processes[1].used_bytes, 3 * kGiB);
}

TEST(Nvml, ReadsWhatEachGpuIsDoing) {
  const Variable throttle("STUB_NVML_THROTTLE", "72");
  auto nvml = open_nvml(STUB_NVML);
  ASSERT_TRUE(nvml.has_value());
  const auto before = nvml.value()->read().value();
  const auto after = nvml.value()->read().value();
  const GpuState& state = after[1].state;
  EXPECT_DOUBLE_EQ(state.power_w.value(), 700);
  EXPECT_DOUBLE_EQ(*state.energy_j - before[1].state.energy_j.value(), 2);
  EXPECT_DOUBLE_EQ(state.sm_clock_mhz.value(), 1980);
  EXPECT_DOUBLE_EQ(state.memory_clock_mhz.value(), 3201);
  EXPECT_DOUBLE_EQ(state.temperature_c.value(), 40);
  EXPECT_DOUBLE_EQ(state.busy_percent.value(), 97);
  EXPECT_DOUBLE_EQ(state.memory_busy_percent.value(), 42);
  EXPECT_EQ(state.throttle_reasons, 0x48U);
  EXPECT_EQ(after[0].state.ecc_errors, 0);
  EXPECT_FALSE(state.ecc_errors.has_value()) << "the device does not support it";
}

TEST(Nvml, ReadsHowEachGpuIsSetUp) {
  const Variable capped("STUB_NVML_POWER_LIMIT_W", "350");
  auto nvml = open_nvml(STUB_NVML);
  ASSERT_TRUE(nvml.has_value());
  EXPECT_EQ(nvml.value()->cuda_version(), 13000);
  const auto settings = nvml.value()->settings();
  ASSERT_EQ(settings.size(), 2U);
  EXPECT_EQ(settings[1].compute_capability, 90);
  EXPECT_EQ(settings[1].mig, false);
  EXPECT_EQ(settings[1].persistence, true);
  EXPECT_EQ(settings[0].ecc, true);
  EXPECT_EQ(settings[1].ecc, false);
  EXPECT_DOUBLE_EQ(settings[1].power_limit_w.value(), 350);
  EXPECT_DOUBLE_EQ(settings[1].power_default_w.value(), 700);
}

TEST(Nvml, AsksAgainWithMoreRoomForManyProcesses) {
  const Variable others("STUB_NVML_OTHERS", "300");
  auto nvml = open_nvml(STUB_NVML);
  ASSERT_TRUE(nvml.has_value());
  EXPECT_EQ(nvml.value()->read().value()[1].processes.size(), 301U);
}

TEST(Nvml, SaysWhyItCannotBeUsed) {
  EXPECT_EQ(open_nvml("libno-such-nvml.so.1").error().message,
            "libno-such-nvml.so.1 is not installed");
  EXPECT_THAT(open_nvml("libm.so.6").error().message, HasSubstr("lacks nvmlInit_v2"));
  {
    const Variable broken("STUB_NVML_INIT", "9");
    EXPECT_EQ(open_nvml(STUB_NVML).error().message, "nvmlInit: Driver Not Loaded");
  }
  const Variable none("STUB_NVML_COUNT", "0");
  EXPECT_EQ(open_nvml(STUB_NVML).error().message, "NVML lists no device");
}

TEST(NvidiaSmi, ParsesItsTables) {
  const auto gpus = parse_smi_gpus(
      "GPU-a, NVIDIA H200, 143771, 1024, 580.95.05\n\nGPU-b, NVIDIA H200, 1, 0, x\r\n");
  ASSERT_TRUE(gpus.has_value()) << gpus.error().message;
  ASSERT_EQ(gpus.value().size(), 2U);
  EXPECT_EQ(gpus.value()[0].identity.uuid, "GPU-a");
  EXPECT_EQ(gpus.value()[0].identity.name, "NVIDIA H200");
  EXPECT_EQ(gpus.value()[0].identity.total_bytes, 143771 * kMiB);
  EXPECT_EQ(gpus.value()[0].used_bytes, kGiB);
  const auto processes = parse_smi_processes("GPU-a, 17, 512\nGPU-b, 18, [N/A]\n");
  ASSERT_TRUE(processes.has_value());
  EXPECT_EQ(processes.value()[0].process.used_bytes, 512 * kMiB);
  EXPECT_EQ(processes.value()[1].process.pid, 18);
  EXPECT_FALSE(processes.value()[1].process.used_bytes.has_value());
  EXPECT_THAT(parse_smi_gpus("No devices were found\n").error().message,
              HasSubstr("No devices were found"));
  EXPECT_TRUE(parse_smi_processes("a, b, c").has_error());
}

TEST(NvidiaSmi, ProgramsThatFailOrAreMissingAreNamed) {
  EXPECT_EQ(open_nvidia_smi("/bin/false").error().message, "/bin/false failed");
  EXPECT_THAT(open_nvidia_smi("no-such-smi").error().message,
              HasSubstr("no-such-smi cannot be run"));
}

/// A program that answers the two queries as nvidia-smi does.
class FakeSmi {
 public:
  FakeSmi() {
    std::string pattern = testing::TempDir() + "tokamark-smi-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    path_ = folder_ + "/nvidia-smi";
    std::ofstream(path_) << "#!/bin/sh\ncase $1 in\n"
                            "--query-gpu*) echo 'GPU-a, NVIDIA Fake, 1024, 100, 1.0';;\n"
                            "*) echo 'GPU-a, 17, 60';;\nesac\n";
    std::filesystem::permissions(path_, std::filesystem::perms::owner_all);
  }
  ~FakeSmi() { std::filesystem::remove_all(folder_); }
  FakeSmi(const FakeSmi&) = delete;
  FakeSmi& operator=(const FakeSmi&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string folder_, path_;
};

TEST(NvidiaSmi, IsUsedWhereNvmlCannotBeLoaded) {
  const FakeSmi smi;
  SamplerOptions options;
  options.nvml_library = "libno-such-nvml.so.1";
  options.nvidia_smi = smi.path();
  auto reader = open_gpu_reader(options);
  ASSERT_TRUE(reader.has_value()) << reader.error().message;
  EXPECT_EQ(reader.value()->source(), "nvidia-smi");
  const auto readings = reader.value()->read();
  ASSERT_TRUE(readings.has_value()) << readings.error().message;
  EXPECT_EQ(readings.value()[0].used_bytes, 100 * kMiB);
  EXPECT_EQ(readings.value()[0].processes[0].used_bytes, 60 * kMiB);
}

SamplerOptions without_gpu() {
  SamplerOptions options;
  options.nvml_library = "libno-such-nvml.so.1";
  options.nvidia_smi = "no-such-smi";
  options.interval = 1ms;
  options.processes = [] { return std::vector<pid_t>{::getpid()}; };
  return options;
}

TEST(Sampler, EveryMarkedPhaseHasASampleAndMemoryIsMeasured) {
  Sampler sampler(without_gpu());
  sampler.mark("loaded");
  sampler.mark("warmed");
  const Telemetry telemetry = sampler.finish();
  ASSERT_NE(telemetry.first_of("loaded"), nullptr);
  ASSERT_NE(telemetry.first_of("warmed"), nullptr);
  EXPECT_GT(telemetry.first_of("loaded")->rss_bytes.value(), 0);
  EXPECT_TRUE(telemetry.process_reason.empty());
  EXPECT_EQ(telemetry.first_of("nothing"), nullptr);
}

TEST(Sampler, WithoutAGpuItSaysSoAndInventsNothing) {
  Sampler sampler(without_gpu());
  const Telemetry telemetry = sampler.finish();
  EXPECT_EQ(
      telemetry.gpu_reason.rfind("no GPU: libno-such-nvml.so.1 is not installed; no-such-smi", 0),
      0U)
      << telemetry.gpu_reason;
  EXPECT_FALSE(telemetry.peak_vram_used_bytes().has_value());
  EXPECT_FALSE(telemetry.peak_vram_engine_bytes().has_value());
  EXPECT_EQ(telemetry.vram_engine_reason, telemetry.gpu_reason);
}

TEST(Sampler, TellsTheEnginesShareOfTheGpuFromTheRest) {
  const Variable pid("STUB_NVML_PID", std::to_string(::getpid()));
  SamplerOptions options = without_gpu();
  options.nvml_library = STUB_NVML;
  Sampler sampler(options);
  const Telemetry telemetry = sampler.finish();
  EXPECT_EQ(telemetry.gpu_source, "NVML");
  EXPECT_EQ(telemetry.samples.at(0).vram_used_bytes, (std::vector<std::int64_t>{kGiB, 5 * kGiB}));
  EXPECT_EQ(telemetry.peak_vram_used_bytes(), 6 * kGiB);
  EXPECT_EQ(telemetry.peak_vram_engine_bytes(), 3 * kGiB);
  EXPECT_EQ(telemetry.samples[0].other_gpu_processes, 1);
  EXPECT_EQ(telemetry.samples[0].gpus.at(1).power_w, 700);
  EXPECT_TRUE(telemetry.vram_engine_reason.empty());
}

TEST(Sampler, SaysWhenTheDriverDoesNotListTheEngine) {
  const Variable pid("STUB_NVML_PID", "1");
  SamplerOptions options = without_gpu();
  options.nvml_library = STUB_NVML;
  Sampler sampler(options);
  const Telemetry telemetry = sampler.finish();
  EXPECT_FALSE(telemetry.peak_vram_engine_bytes().has_value());
  EXPECT_FALSE(telemetry.samples.at(0).other_gpu_processes.has_value());
  EXPECT_THAT(telemetry.vram_engine_reason, HasSubstr("lists none of the engine's processes"));
}

TEST(Sampler, AnAttachedServerHasNoProcessFigures) {
  SamplerOptions options = without_gpu();
  options.processes = [] { return std::vector<pid_t>{}; };
  Sampler sampler(options);
  const Telemetry telemetry = sampler.finish();
  EXPECT_FALSE(telemetry.peak_rss_bytes().has_value());
  EXPECT_THAT(telemetry.process_reason, HasSubstr("not started by tokamark"));
}

Telemetry three_samples() {
  Telemetry telemetry;
  telemetry.gpu_reason = "no GPU: none";
  telemetry.samples = {{0s, "loaded", {}, std::nullopt, {}, std::nullopt, 100, base::Nanos(1s)},
                       {1s, "window", {}, std::nullopt, {}, std::nullopt, 300, base::Nanos(3s)},
                       {2s, "window", {7, 8}, 5, {}, 1, std::nullopt, std::nullopt}};
  GpuState state;
  state.power_w = 700;
  telemetry.samples[2].gpus = {state, {}};
  telemetry.samples[2].gpu_processes = {{{7, std::nullopt}}, {}};
  telemetry.samples[1].host = HostUsage{1000, base::Nanos(1s)};
  telemetry.samples[2].host = HostUsage{900, base::Nanos(4s)};
  return telemetry;
}

TEST(Telemetry, CpuBetweenTwoMomentsIsTheDifferenceOfTheReadingsBefore) {
  const Telemetry telemetry = three_samples();
  EXPECT_EQ(telemetry.engine_cpu(500ms, 2500ms), base::Nanos(2s));
  EXPECT_EQ(telemetry.engine_cpu(0s, 900ms), base::Nanos(0s));
  EXPECT_FALSE(telemetry.engine_cpu(-1s, 1s).has_value());
  EXPECT_EQ(telemetry.host_cpu(1s, 2s), base::Nanos(3s));
  EXPECT_FALSE(telemetry.host_cpu(0s, 2s).has_value());
  EXPECT_EQ(telemetry.peak_host_memory_bytes(), 1000);
  EXPECT_EQ(telemetry.peak_rss_bytes(), 300);
  EXPECT_EQ(telemetry.peak_vram_used_bytes(), 15);
  EXPECT_EQ(telemetry.peak_vram_engine_bytes(), 5);
}

TEST(Telemetry, GapsAndTheLinesOfOthersStandInOrderOfTime) {
  Telemetry telemetry;
  telemetry.samples.resize(4);
  telemetry.samples[1].at = 200ms;  // two intervals are no gap yet
  telemetry.samples[2].at = 401ms;
  telemetry.samples[3].at = 500ms;
  std::istringstream lines(
      to_json_lines(telemetry, {{100ms, "{\"a\":1}"}, {401ms, "{\"a\":2}"}, {2s, "{\"a\":3}"}}));
  std::vector<std::string> seen;
  std::string line;
  for (std::getline(lines, line); std::getline(lines, line);) {
    const auto json = nlohmann::json::parse(line);
    const bool ours = json.contains("a");
    seen.push_back(ours ? json["a"].dump() : json["kind"].get<std::string>() + json["at_s"].dump());
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"machine0.0", "1", "machine0.2", "gap0.2",
                                            "machine0.401", "2", "machine0.5", "3"}));
}

TEST(Telemetry, JsonLinesHoldNullWhereNothingWasRead) {
  std::istringstream lines(to_json_lines(three_samples()));
  std::string line;
  std::getline(lines, line);
  const auto header = nlohmann::json::parse(line);
  EXPECT_EQ(header["kind"], "header");
  EXPECT_EQ(header["interval_ms"], 100);
  EXPECT_EQ(header["gpu_reason"], "no GPU: none");
  EXPECT_TRUE(header["gpu_source"].is_null());
  std::getline(lines, line);
  EXPECT_EQ(line, R"({"kind":"machine","at_s":0.0,"phase":"loaded","vram_used_bytes":null,)"
                  R"("vram_engine_bytes":null,)"
                  R"("rss_bytes":100,"cpu_s":1.0,"host_memory_used_bytes":null,)"
                  R"("host_cpu_s":null,"gpu_processes":null,"other_gpu_processes":null,)"
                  R"("gpu_power_w":null,)"
                  R"("gpu_energy_j":null,"gpu_sm_clock_mhz":null,"gpu_memory_clock_mhz":null,)"
                  R"("gpu_temperature_c":null,"gpu_busy_percent":null,)"
                  R"("gpu_memory_busy_percent":null,"gpu_throttle_reasons":null,)"
                  R"("gpu_ecc_errors":null})");
  for (int skipped = 0; skipped < 4; ++skipped) std::getline(lines, line);
  EXPECT_EQ(line, R"({"kind":"machine","at_s":2.0,"phase":"window","vram_used_bytes":[7,8],)"
                  R"("vram_engine_bytes":5,"rss_bytes":null,"cpu_s":null,)"
                  R"("host_memory_used_bytes":900,"host_cpu_s":4.0,)"
                  R"("gpu_processes":[[{"pid":7,"used_bytes":null}],[]],"other_gpu_processes":1,)"
                  R"("gpu_power_w":[700.0,null],"gpu_energy_j":[null,null],)"
                  R"("gpu_sm_clock_mhz":[null,null],"gpu_memory_clock_mhz":[null,null],)"
                  R"("gpu_temperature_c":[null,null],"gpu_busy_percent":[null,null],)"
                  R"("gpu_memory_busy_percent":[null,null],"gpu_throttle_reasons":[null,null],)"
                  R"("gpu_ecc_errors":[null,null]})");
}

}  // namespace
}  // namespace tokamark::probe
