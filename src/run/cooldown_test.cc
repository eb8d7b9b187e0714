#include "run/cooldown.h"

#include <gtest/gtest.h>

#include <vector>

namespace tokamark::run {
namespace {

/// Two GPUs, the second of which has these temperatures, one a reading; the last one stays.
class Cooling final : public probe::GpuReader {
 public:
  explicit Cooling(std::vector<double> temperatures_c)
      : temperatures_c_(std::move(temperatures_c)) {}
  [[nodiscard]] std::string source() const override { return "fake"; }
  [[nodiscard]] const std::vector<probe::GpuIdentity>& gpus() const override { return gpus_; }
  [[nodiscard]] std::string driver_version() const override { return ""; }
  base::Result<std::vector<probe::GpuReading>> read() override {
    const double now = temperatures_c_[std::min(looks++, temperatures_c_.size() - 1)];
    std::vector<probe::GpuReading> readings(2);
    readings[0].state.temperature_c = 20.0;
    if (now > 0) readings[1].state.temperature_c = now;
    return readings;
  }
  std::size_t looks = 0;

 private:
  std::vector<double> temperatures_c_;
  std::vector<probe::GpuIdentity> gpus_;
};

const std::atomic<bool> kGoOn{false};

TEST(Cooldown, WaitsUntilTheHottestGpuIsAsCoolAsAtTheStart) {
  Cooling gpus({70, 55, 43.5, 43, 30});
  std::chrono::milliseconds slept{0};
  EXPECT_EQ(wait_until_cool(gpus, {.start_c = 40}, kGoOn, [&](auto pause) { slept += pause; }), "");
  EXPECT_EQ(gpus.looks, 4U);  // 43 is 3 more than 40
  EXPECT_EQ(slept, std::chrono::seconds(3));
}

TEST(Cooldown, SaysWhatStayedHot) {
  Cooling gpus({70});
  std::chrono::milliseconds slept{0};
  const std::string told =
      wait_until_cool(gpus, {.start_c = 40}, kGoOn, [&](auto pause) { slept += pause; });
  EXPECT_EQ(told,
            "after 300 s of waiting a GPU was at 70 °C before the engine's start, 40 °C at the "
            "study's, limit 3 °C more");
  EXPECT_EQ(slept, std::chrono::seconds(301));
}

TEST(Cooldown, EndsWithTheStudy) {
  Cooling gpus({70});
  std::atomic<bool> stop{false};
  EXPECT_EQ(wait_until_cool(gpus, {.start_c = 40}, stop, [&](auto) { stop = true; }), "");
  EXPECT_EQ(gpus.looks, 1U);
}

}  // namespace
}  // namespace tokamark::run
