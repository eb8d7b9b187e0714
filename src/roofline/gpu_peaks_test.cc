#include "roofline/gpu_peaks.h"

#include <gtest/gtest.h>

#include <set>

namespace tokamark::roofline {
namespace {

// The datasheet's 3,958 TFLOPS of FP8 and 1,979 of BF16 are with sparsity; half of them is dense.
TEST(GpuPeaks, AreDenseOfAnH100) {
  const auto gpu = find_gpu("NVIDIA H100 80GB HBM3");
  ASSERT_TRUE(gpu.has_value());
  EXPECT_DOUBLE_EQ(gpu->memory_bytes_per_s, 3.35e12);
  EXPECT_DOUBLE_EQ(flops_per_s(*gpu, "fp8"), 1979e12);
  EXPECT_DOUBLE_EQ(flops_per_s(*gpu, "bf16"), 989.5e12);
}

// 144 PFLOPS of FP4 with sparsity in a DGX of eight: 18 each, 9 dense.
TEST(GpuPeaks, AreDenseOfAB200) {
  EXPECT_DOUBLE_EQ(flops_per_s(find_gpu("NVIDIA B200").value(), "fp4"), 9000e12);
}

TEST(GpuPeaks, AreNotGuessedFromALikelyName) {
  EXPECT_FALSE(find_gpu("NVIDIA H100").has_value());
  EXPECT_FALSE(find_gpu("").has_value());
}

// Ampere's tensor cores have no FP8: such weights are widened, so the 312 TFLOPS of BF16 hold.
TEST(GpuPeaks, FallBackToSixteenBitsWhereATypeIsNotMultiplied) {
  EXPECT_DOUBLE_EQ(flops_per_s(find_gpu("NVIDIA A100-SXM4-80GB").value(), "fp8"), 312e12);
}

TEST(GpuPeaks, EveryRowIsNamedOnceAndHasItsSource) {
  std::set<std::string> names;
  for (const GpuPeaks& gpu : known_gpus()) {
    EXPECT_TRUE(names.insert(gpu.name).second) << gpu.name;
    EXPECT_GT(gpu.source.size(), 20U) << gpu.name;
    // From an L4's 0.3 TB/s to a B200's 8 TB/s, and from 121 to 2,250 TFLOPS.
    EXPECT_GE(gpu.memory_bytes_per_s, 0.3e12) << gpu.name;
    EXPECT_LE(gpu.memory_bytes_per_s, 8e12) << gpu.name;
    EXPECT_GE(flops_per_s(gpu, "bf16"), 121e12) << gpu.name;
    EXPECT_LE(flops_per_s(gpu, "bf16"), 2250e12) << gpu.name;
    if (gpu.name.find("4090") != std::string::npos) continue;  // its BF16 rate is halved
    for (const char* type : {"fp8", "int8"}) {
      if (gpu.dense_flops_per_s.count(type) == 0) continue;
      // Eight bits are multiplied twice as fast as sixteen.
      EXPECT_NEAR(flops_per_s(gpu, type) / flops_per_s(gpu, "bf16"), 2.0, 0.005) << gpu.name;
    }
  }
  EXPECT_GE(names.size(), 13U);
}

}  // namespace
}  // namespace tokamark::roofline
