#include "sim/step_warp.h"

#include <gtest/gtest.h>

namespace tokamark::sim {
namespace {

using std::chrono::seconds;

base::TimePoint at(seconds since_start) { return base::TimePoint{seconds{100} + since_start}; }

StepWarp started(StepWarp warp) {
  warp.origin = at(seconds{0});
  return warp;
}

TEST(StepWarp, WithoutFaultsWorkTakesItsTime) {
  StepWarp warp;
  EXPECT_EQ(warp.end_of(at(seconds{5}), seconds{3}), at(seconds{8}));
}

TEST(StepWarp, StallHaltsWorkThatIsUnderWayAndWorkThatIsNew) {
  StepWarp plan;
  plan.stall = WarpWindow{seconds{4}, seconds{10}};  // halted in [10, 14), [20, 24), ...
  StepWarp warp = started(plan);
  EXPECT_EQ(warp.end_of(at(seconds{1}), seconds{3}), at(seconds{4}));
  EXPECT_EQ(warp.end_of(at(seconds{9}), seconds{2}), at(seconds{15}));
  EXPECT_EQ(warp.end_of(at(seconds{11}), seconds{0}), at(seconds{14}));
  // 1 s before 10, 6 s before 20, 1 s after 24.
  EXPECT_EQ(warp.end_of(at(seconds{9}), seconds{8}), at(seconds{25}));
}

TEST(StepWarp, SecondTenantSlowsWorkWithinItsBursts) {
  StepWarp plan;
  plan.tenant = WarpWindow{seconds{4}, seconds{10}};
  plan.tenant_factor = 2;
  StepWarp warp = started(plan);
  EXPECT_EQ(warp.end_of(at(seconds{9}), seconds{2}), at(seconds{12}));   // 1 s, then 1 s in 2 s
  EXPECT_EQ(warp.end_of(at(seconds{10}), seconds{3}), at(seconds{15}));  // 2 s in 4 s, then 1 s
}

TEST(StepWarp, DriftGrowsLinearlyAndStays) {
  StepWarp plan;
  plan.drift_share = 0.5;
  plan.drift_over = seconds{100};
  StepWarp warp = started(plan);
  EXPECT_EQ(warp.end_of(at(seconds{0}), seconds{4}), at(seconds{4}));
  EXPECT_EQ(warp.end_of(at(seconds{50}), seconds{4}), at(seconds{55}));
  EXPECT_EQ(warp.end_of(at(seconds{500}), seconds{4}), at(seconds{506}));
}

}  // namespace
}  // namespace tokamark::sim
