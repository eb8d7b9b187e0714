#include "run/trial_checks.h"

#include <gtest/gtest.h>

namespace tokamark::run {
namespace {

/// One GPU whose next look is set.
class FakeGpu final : public probe::GpuReader {
 public:
  [[nodiscard]] std::string source() const override { return "fake"; }
  [[nodiscard]] const std::vector<probe::GpuIdentity>& gpus() const override { return gpus_; }
  [[nodiscard]] std::string driver_version() const override { return "1"; }
  base::Result<std::vector<probe::GpuReading>> read() override { return std::vector{next}; }

  probe::GpuReading next;

 private:
  std::vector<probe::GpuIdentity> gpus_{{"GPU", "GPU-0", 1}};
};

TEST(TrialChecks, TellOnlyWhatIsNotWell) {
  FakeGpu gpu;
  gpu.next.processes = {{7, {}}};
  EXPECT_TRUE(check_before_trial(testing::TempDir(), &gpu, {7}).empty());
  EXPECT_TRUE(check_before_trial(testing::TempDir(), nullptr, {7}).empty());
  gpu.next.processes.push_back({8, {}});
  gpu.next.state.throttle_reasons = 0x40;
  const auto checks = check_before_trial(testing::TempDir(), &gpu, {7});
  ASSERT_EQ(checks.size(), 2U);
  EXPECT_EQ(checks[0].id, "gpu.processes");
  EXPECT_EQ(checks[1].id, "gpu.throttle");
}

}  // namespace
}  // namespace tokamark::run
