#include "stats/sign_test.h"

#include <gtest/gtest.h>

#include <limits>
#include <numeric>
#include <vector>

namespace tokamark::stats {
namespace {

/// Interval of 1, 2, ..., n, in another order.
std::optional<Interval> interval_of(std::size_t n) {
  std::vector<double> values(n);
  std::iota(values.rbegin(), values.rend(), 1.0);
  return sign_interval(values);
}

// Binomial tails of n tosses: 2/2^6 = 0.031, 2 (1 + 9)/2^9 = 0.039, 2 (1 + 12 + 66)/2^12 = 0.039.
TEST(SignTest, RanksOfTheInterval) {
  EXPECT_FALSE(interval_of(5));  // 2/2^5 = 0.0625
  EXPECT_DOUBLE_EQ(interval_of(6)->low, 1.0);
  EXPECT_DOUBLE_EQ(interval_of(6)->high, 6.0);
  EXPECT_DOUBLE_EQ(interval_of(8)->low, 1.0);  // 2 (1 + 8)/2^8 = 0.070
  EXPECT_DOUBLE_EQ(interval_of(8)->high, 8.0);
  EXPECT_DOUBLE_EQ(interval_of(9)->low, 2.0);
  EXPECT_DOUBLE_EQ(interval_of(9)->high, 8.0);
  EXPECT_DOUBLE_EQ(interval_of(12)->low, 3.0);
  EXPECT_DOUBLE_EQ(interval_of(12)->high, 10.0);
}

TEST(SignTest, InfiniteValuesRankLast) {
  const double inf = std::numeric_limits<double>::infinity();
  const std::vector<double> values{3, inf, 1, 2, 5, 4};
  EXPECT_DOUBLE_EQ(sign_interval(values)->high, inf);
}

TEST(SignTest, ProbabilityOfASplit) {
  EXPECT_DOUBLE_EQ(sign_test_p(6, 6), 2.0 / 64.0);
  EXPECT_DOUBLE_EQ(sign_test_p(0, 6), 2.0 / 64.0);
  EXPECT_NEAR(sign_test_p(8, 9), 20.0 / 512.0, 1e-15);
  EXPECT_NEAR(sign_test_p(10, 12), 158.0 / 4096.0, 1e-15);
  EXPECT_DOUBLE_EQ(sign_test_p(3, 6), 1.0);
  EXPECT_DOUBLE_EQ(sign_test_p(0, 0), 1.0);
}

}  // namespace
}  // namespace tokamark::stats
