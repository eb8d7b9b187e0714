#include "run/memory_settle.h"

#include <gtest/gtest.h>

#include <vector>

namespace tokamark::run {
namespace {

constexpr std::int64_t kGiB = 1LL << 30;

/// A GPU whose used memory follows a list, one value a reading; the last one stays.
class FakeGpu final : public probe::GpuReader {
 public:
  explicit FakeGpu(std::vector<std::int64_t> used) : used_(std::move(used)) {}
  std::string source() const override { return "fake"; }
  const std::vector<probe::GpuIdentity>& gpus() const override { return identities_; }
  std::string driver_version() const override { return "1"; }
  base::Result<std::vector<probe::GpuReading>> read() override {
    const std::int64_t now = used_[std::min(reads_++, used_.size() - 1)];
    if (now < 0) return base::Error{base::ErrorKind::engine, "gone"};
    return std::vector<probe::GpuReading>{{now, {}, {}}, {0, {}, {}}};
  }
  std::size_t reads() const { return reads_; }

 private:
  std::vector<std::int64_t> used_;
  std::vector<probe::GpuIdentity> identities_;
  std::size_t reads_ = 0;
};

TEST(GpuMemory, IsWaitedForUntilItIsBack) {
  FakeGpu gpu({100 * kGiB, 40 * kGiB, kGiB});
  int pauses = 0;
  EXPECT_EQ(wait_for_gpu_memory(gpu, kGiB, {}, [&](auto) { ++pauses; }), "");
  EXPECT_EQ(pauses, 2);
}

TEST(GpuMemory, ThatDoesNotComeBackIsAWarningWithItsSize) {
  FakeGpu gpu({31 * kGiB});
  std::chrono::milliseconds slept{0};
  const std::string warning =
      wait_for_gpu_memory(gpu, kGiB, {}, [&](std::chrono::milliseconds p) { slept += p; });
  EXPECT_EQ(warning.rfind("30.0 GiB of GPU memory did not come back within 60 s", 0), 0U)
      << warning;
  EXPECT_GE(slept, std::chrono::seconds(60));
  EXPECT_LT(slept, std::chrono::seconds(61));
}

TEST(GpuMemory, ThatCannotBeReadIsAWarningToo) {
  FakeGpu gpu({-1});
  EXPECT_NE(wait_for_gpu_memory(gpu, kGiB, {}, [](auto) {}), "");
}

}  // namespace
}  // namespace tokamark::run
