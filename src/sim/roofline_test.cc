#include "sim/roofline.h"

#include <gtest/gtest.h>

#include "sim/unit_profile.h"

namespace tokamark::sim {
namespace {

/// Llama 4 Scout on an H200 that reaches its ceilings: no overhead, all of the bandwidth.
Profile ideal_scout() {
  Profile profile = find_profile("llama4-scout-h200-vllm").value();
  profile.engine.memory_efficiency = 1;
  profile.engine.compute_efficiency = 1;
  profile.engine.step_overhead = base::Nanos{0};
  return profile;
}

StepWork decodes(std::int64_t sequences, std::int64_t context) {
  StepWork work;
  for (std::int64_t i = 0; i < sequences; ++i) work.add_decode(context);
  return work;
}

// 48 layers x (62.9 M attention + 125.8 M shared expert + 0.08 M router) + 2 bytes x 1.03 G head
// = 11.13 GB; an expert is 48 x 125.8 M = 6.04 GB: 17.17 GB for one token.
TEST(Roofline, ScoutReadsSeventeenGigabytesForOneToken) {
  EXPECT_DOUBLE_EQ(roofline::bytes_read(ideal_scout().model, decodes(1, 0)), 17'172'398'080.0);
}

// Step times at 1,024 tokens of context worked out by hand as
// (11.13 GB + experts x 6.04 GB + B x 1024 x 96 KiB) / 4.8 TB/s.
TEST(Roofline, ScoutStepTimesMatchTheHandComputedTable) {
  const Profile profile = ideal_scout();
  const std::pair<std::int64_t, double> table[] = {{1, 3.6},   {8, 10.6},   {32, 20.6},
                                                   {64, 23.5}, {128, 25.1}, {256, 27.8}};
  for (const auto& [batch, step_ms] : table) {
    EXPECT_NEAR(base::to_ms(step_time(profile, decodes(batch, 1024)).total), step_ms, 0.051)
        << "batch " << batch;
  }
}

// 1979e12 / (2 x 15.1e9) = 65,500 tokens a second, attention left out.
TEST(Roofline, ScoutPrefillCeilingIsSixtyFiveThousandTokensASecond) {
  Profile profile = ideal_scout();
  profile.model.attention_flops_per_pair = 0;
  StepWork work;
  work.add_prefill(8192, 0, StepWork::Chunk::middle);
  const double tokens_per_s = 8192 / base::to_seconds(step_time(profile, work).compute);
  EXPECT_NEAR(tokens_per_s, 65'500, 100);
}

TEST(Roofline, StepIsTheSlowerSidePlusOverhead) {
  Profile profile = unit_profile();
  StepWork work;
  work.add_prefill(16, 0, StepWork::Chunk::last);
  EXPECT_EQ(step_time(profile, work).total, std::chrono::microseconds{1016});
  profile.model.dense_bytes = 3e6;  // 3 ms at 1 GB/s, more than the 16 us of compute
  EXPECT_EQ(step_time(profile, work).total, std::chrono::milliseconds{4});
}

TEST(Roofline, EfficienciesStretchTheirOwnSide) {
  Profile profile = unit_profile();
  profile.model.dense_bytes = 3e6;
  profile.engine.memory_efficiency = 0.5;
  profile.engine.compute_efficiency = 0.25;
  const StepTime time = step_time(profile, decodes(1, 0));
  EXPECT_EQ(time.memory, std::chrono::milliseconds{6});
  EXPECT_EQ(time.compute, std::chrono::microseconds{4});
}

TEST(Roofline, CalibrationHitsTheWantedRate) {
  Profile profile = ideal_scout();
  profile.engine.step_overhead = calibrated_overhead(profile, 100.0, 256);
  EXPECT_EQ(step_time(profile, decodes(1, 256)).total, std::chrono::milliseconds{10});
}

TEST(RooflineDeath, CalibrationRefusesARateAboveTheRoofline) {
  EXPECT_DEATH(calibrated_overhead(ideal_scout(), 1000.0, 256), "overhead");
}

}  // namespace
}  // namespace tokamark::sim
