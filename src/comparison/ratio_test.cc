#include "comparison/ratio.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace tokamark::comparison {
namespace {

constexpr std::array kZeros{0.0, 0.0, 0.0, 0.0, 0.0, 0.0};

TEST(Ratio, OfSixBlocksByHand) {
  // d has mean 0.1 and variance 4 x 0.02^2 / 5, so a standard error of 0.0073030.
  const std::array logs{0.08, 0.08, 0.10, 0.10, 0.12, 0.12};
  const Ratio ratio = paired_ratio(logs, kZeros);
  EXPECT_EQ(ratio.blocks, 6U);
  EXPECT_EQ(ratio.a_greater, 6U);
  EXPECT_NEAR(*ratio.ratio, std::exp(0.1), 1e-12);
  const double half = 2.570582 * 0.0073030;  // t(0.975, 5)
  EXPECT_NEAR(ratio.interval->low, std::exp(0.1 - half), 1e-6);
  EXPECT_NEAR(ratio.interval->high, std::exp(0.1 + half), 1e-6);
  EXPECT_NEAR(*ratio.resolution, std::expm1(half), 1e-6);
}

TEST(Ratio, SaysOnWhichBlocksItRests) {
  // Mean 0.055, standard error 0.0201: t = 2.73 > 2.571. Without a large one t = 2.09 < 2.776,
  // without a small one 2.90.
  const std::array logs{0.01, 0.10, 0.01, 0.10, 0.01, 0.10};
  EXPECT_EQ(paired_ratio(logs, kZeros).leaned_on, (std::vector<std::size_t>{1, 3, 5}));
  const std::array alike{0.08, 0.08, 0.10, 0.10, 0.12, 0.12};
  EXPECT_TRUE(paired_ratio(alike, kZeros).leaned_on.empty());
  const std::array nothing{-0.1, 0.1, -0.1, 0.1, -0.1, 0.1};  // nothing to rest on
  EXPECT_TRUE(paired_ratio(nothing, kZeros).leaned_on.empty());
}

TEST(Ratio, FourBlocksHaveNoInterval) {
  const std::array logs{0.1, 0.2, 0.1, 0.2};
  const Ratio ratio = paired_ratio(logs, std::span(kZeros).first(4));
  EXPECT_NEAR(*ratio.ratio, std::exp(0.15), 1e-12);
  EXPECT_FALSE(ratio.interval || ratio.p || ratio.resolution);
  EXPECT_EQ(judge(ratio, 0.0).reason, "blocks");
}

TEST(Ratio, UnpairedRunsKeepTheSpreadThatPairingTakesOut) {
  const std::array a{0.1, 1.1, 2.1, 3.1, 4.1, 5.1};
  const std::array b{0.0, 1.0, 2.0, 3.0, 4.0, 5.0};
  EXPECT_NEAR(*paired_ratio(a, b).resolution, 0.0, 1e-9);
  EXPECT_GT(*unpaired_ratio(a, b).resolution, 1.0);
  EXPECT_NEAR(*unpaired_ratio(a, b).ratio, std::exp(0.1), 1e-12);
}

/// A ratio as found in nine blocks, eight of them one way.
Ratio found(double value, double low, double high) {
  Ratio ratio;
  ratio.blocks = 9;
  ratio.a_greater = 8;
  ratio.b_greater = 1;
  ratio.ratio = value;
  ratio.interval = stats::Interval{low, high};
  ratio.p = 0.01;
  return ratio;
}

TEST(Judgement, ADifferenceNeedsEverything) {
  EXPECT_TRUE(judge(found(1.10, 1.05, 1.15), 0.05).different);
  EXPECT_EQ(judge(found(1.10, 1.05, 1.15), 0.051).reason, "interval");  // after Holm
  EXPECT_EQ(judge(found(1.019, 1.01, 1.03), 0.01).reason, "small");
  Ratio split = found(1.10, 1.05, 1.15);
  split.a_greater = 7;  // 7 of 9: 2 (1 + 9 + 36) / 512 = 0.18
  split.b_greater = 2;
  EXPECT_EQ(judge(split, 0.01).reason, "direction");
  Ratio few = found(1.10, 1.05, 1.15);
  few.blocks = few.a_greater = 5;
  EXPECT_EQ(judge(few, 0.01).reason, "blocks");
}

TEST(Judgement, DirectionsAreThoseOfTheRatio) {
  Ratio wrong_way = found(0.90, 0.85, 0.95);  // most blocks say that a is greater
  EXPECT_EQ(judge(wrong_way, 0.01).reason, "direction");
  std::swap(wrong_way.a_greater, wrong_way.b_greater);
  EXPECT_TRUE(judge(wrong_way, 0.01).different);
}

TEST(Judgement, EquivalentOnlyInsideTwoPercent) {
  EXPECT_TRUE(judge(found(1.0, 0.98, 1.02), 1.0).equivalent);
  EXPECT_TRUE(judge(found(1.01, 1.005, 1.015), 0.001).equivalent);  // resolved, and immaterial
  EXPECT_FALSE(judge(found(1.0, 0.979, 1.02), 1.0).equivalent);
  EXPECT_FALSE(judge(found(1.0, 0.98, 1.021), 1.0).equivalent);
}

TEST(Judgement, UnpairedRunsHaveNoDirection) {
  Ratio ratio = found(1.10, 1.05, 1.15);
  ratio.paired = false;
  ratio.a_greater = ratio.b_greater = 0;
  EXPECT_TRUE(judge(ratio, 0.01).different);
}

}  // namespace
}  // namespace tokamark::comparison
