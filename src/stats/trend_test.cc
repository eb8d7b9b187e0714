#include "stats/trend.h"

#include <gtest/gtest.h>

#include <vector>

namespace tokamark::stats {
namespace {

// By hand: x = -1.5 -0.5 0.5 1.5, mean 2, Sxy = 3, Sxx = 5, slope 0.6; residuals -0.1 0.3 -0.3 0.1,
// sum of squares 0.2, error sqrt(0.1 / 5) = 0.141421, t = 4.242641 with 2 degrees of freedom, whose
// upper tail is (1 - t / sqrt(2 + t^2)) / 2 = (1 - sqrt(0.9)) / 2 = 0.0256584.
TEST(TrendOf, FourValuesByHand) {
  const auto found = trend(std::vector<double>{1, 2, 2, 3});
  ASSERT_TRUE(found.has_value());
  EXPECT_NEAR(found->slope, 0.6, 1e-12);
  EXPECT_NEAR(found->rising_p, 0.0256584, 1e-7);
}

TEST(TrendOf, AFallIsNoRise) {
  const auto found = trend(std::vector<double>{3, 2, 2, 1});
  ASSERT_TRUE(found.has_value());
  EXPECT_NEAR(found->slope, -0.6, 1e-12);
  EXPECT_NEAR(found->rising_p, 1.0 - 0.0256584, 1e-7);
}

TEST(TrendOf, ExactLinesAreDecidedWithoutScatter) {
  EXPECT_EQ(trend(std::vector<double>{7, 7, 7, 7})->rising_p, 1.0);
  EXPECT_EQ(trend(std::vector<double>{0, 0, 0})->rising_p, 1.0);
  EXPECT_EQ(trend(std::vector<double>{1, 2, 3, 4})->rising_p, 0.0);
  EXPECT_EQ(trend(std::vector<double>{4, 3, 2, 1})->rising_p, 1.0);
}

TEST(TrendOf, TwoValuesHaveNone) { EXPECT_FALSE(trend(std::vector<double>{1, 2}).has_value()); }

}  // namespace
}  // namespace tokamark::stats
