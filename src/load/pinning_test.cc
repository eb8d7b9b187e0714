#include "load/pinning.h"

#include <gtest/gtest.h>

#include <thread>

namespace tokamark::load {
namespace {

using Cpus = std::vector<int>;

TEST(Pinning, AutomaticTakesTheHighestAllowedCores) {
  const PinPlan plan = plan_pinning({}, 2, {0, 1, 4, 5, 9});
  EXPECT_EQ(plan.word, "pinned");
  EXPECT_EQ(plan.cpus, (Cpus{5, 9}));
}

TEST(Pinning, AutomaticLeavesSmallMachinesAlone) {
  EXPECT_EQ(plan_pinning({}, 1, {0, 1}).word, "too_few_cores");
  EXPECT_EQ(plan_pinning({}, 1, {0, 1, 2}).word, "too_few_cores");
  EXPECT_EQ(plan_pinning({}, 1, {0, 1, 2, 3}).cpus, (Cpus{3}));
  EXPECT_EQ(plan_pinning({}, 3, {0, 1, 2, 3}).word, "too_few_cores");
  EXPECT_EQ(plan_pinning({}, 2, {0, 1, 2, 3}).cpus, (Cpus{2, 3}));
  EXPECT_TRUE(plan_pinning({}, 1, {}).cpus.empty());
}

TEST(Pinning, TheStudyDecides) {
  EXPECT_EQ(plan_pinning({PinRule::Kind::none, {}}, 1, {0, 1, 2, 3}).word, "off");
  const PinPlan listed = plan_pinning({PinRule::Kind::listed, {7, 3, 5}}, 2, {0, 1});
  EXPECT_EQ(listed.word, "pinned");
  EXPECT_EQ(listed.cpus, (Cpus{7, 3}));
}

TEST(Pinning, ARefusalIsSaidAndAnAllowedCoreIsKept) {
  const Cpus allowed = allowed_cpus();
  ASSERT_FALSE(allowed.empty());
  Cpus after;
  bool kept = false, absurd = true;
  std::thread([&] {
    kept = stay_on(allowed.front());
    after = allowed_cpus();
    absurd = stay_on(1023) || stay_on(-1) || stay_on(100'000);
  }).join();
  EXPECT_TRUE(kept);
  EXPECT_EQ(after, Cpus{allowed.front()});
  EXPECT_FALSE(absurd);
}

}  // namespace
}  // namespace tokamark::load
