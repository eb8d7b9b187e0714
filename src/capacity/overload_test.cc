#include "capacity/overload.h"

#include <gtest/gtest.h>

namespace tokamark::capacity {
namespace {

TEST(LongestGoodRequest, AddsTheTokensAfterTheFirst) {
  // 200 ms + 10 ms x 99.
  EXPECT_DOUBLE_EQ(longest_good_request_s({200.0, 10.0, {}, 100}).value(), 1.19);
}

TEST(LongestGoodRequest, TheTighterLimitCounts) {
  EXPECT_DOUBLE_EQ(longest_good_request_s({200.0, 10.0, 1000.0, 100}).value(), 1.0);
  EXPECT_DOUBLE_EQ(longest_good_request_s({200.0, 10.0, 2000.0, 100}).value(), 1.19);
}

TEST(LongestGoodRequest, NothingBoundsItWithoutBothLimits) {
  EXPECT_FALSE(longest_good_request_s({200.0, {}, {}, 100}).has_value());
  EXPECT_FALSE(longest_good_request_s({{}, 10.0, {}, 100}).has_value());
  EXPECT_FALSE(longest_good_request_s({200.0, 10.0, {}, 0}).has_value());
}

TEST(OverloadWatch, TwiceTheBoundForFiveSeconds) {
  OverloadWatch watch(8.0);
  EXPECT_FALSE(watch.add(0.0, 17));
  EXPECT_FALSE(watch.add(4.9, 17));
  EXPECT_TRUE(watch.add(5.0, 17));
  EXPECT_TRUE(watch.add(6.0, 1));  // once seen, it stays
}

TEST(OverloadWatch, ABreakStartsTheTimeAnew) {
  OverloadWatch watch(8.0);
  EXPECT_FALSE(watch.add(0.0, 17));
  EXPECT_FALSE(watch.add(4.0, 16));  // twice 8 is still allowed
  EXPECT_FALSE(watch.add(5.0, 17));
  EXPECT_FALSE(watch.add(9.9, 17));
  EXPECT_TRUE(watch.add(10.0, 17));
}

TEST(OverloadWatch, WithoutABoundNothingIsTooMuch) {
  OverloadWatch watch(std::nullopt);
  EXPECT_FALSE(watch.add(0.0, 1'000'000));
  EXPECT_FALSE(watch.add(100.0, 1'000'000));
}

}  // namespace
}  // namespace tokamark::capacity
