#include "stats/early_stopping.h"

#include <gtest/gtest.h>

#include <array>
#include <numeric>
#include <vector>

namespace tokamark::stats {
namespace {

// MLPerf Inference rules, appendix "Early Stopping", table of minimum query counts.
TEST(EarlyStopping, FloorsAreThoseOfMlperf) {
  EXPECT_EQ(early_stopping_floor(0.50), 11U);
  EXPECT_EQ(early_stopping_floor(0.75), 24U);
  EXPECT_EQ(early_stopping_floor(0.90), 64U);
  EXPECT_EQ(early_stopping_floor(0.95), 130U);
  EXPECT_EQ(early_stopping_floor(0.99), 662U);
  EXPECT_EQ(early_stopping_floor(0.999), 6636U);
}

std::vector<double> count_up(std::size_t n) {
  std::vector<double> values(n);
  std::iota(values.begin(), values.end(), 0.0);
  return values;
}

TEST(EarlyStopping, AtTheFloorTheEstimateIsTheGreatest) {
  EXPECT_FALSE(early_stopping_estimate(count_up(63), 0.90));
  EXPECT_DOUBLE_EQ(early_stopping_estimate(count_up(64), 0.90).value(), 63.0);
}

TEST(EarlyStopping, TakesTheMostOverLatencyQueriesThatStillPass) {
  const std::size_t n = 10'000;
  const auto t = n - static_cast<std::size_t>(early_stopping_estimate(count_up(n), 0.99).value());
  EXPECT_LE(early_stopping_within(t, 0.99) + t, n);
  EXPECT_GT(early_stopping_within(t + 1, 0.99) + t + 1, n);
  // The tail of 1 % holds 100 of them; a bound at 99 % lies 2.33 standard deviations of 9.95 below.
  EXPECT_NEAR(static_cast<double>(t), 100.0 - 2.33 * 9.95, 3.0);
}

TEST(EarlyStopping, VarianceInflationOfRuns) {
  // Mean 10 of 100, so q = 0.1: variance 200 where independence gives 9.
  EXPECT_NEAR(variance_inflation(std::array{0.0, 20.0}, 100.0).value(), 200.0 / 9.0, 1e-12);
  EXPECT_FALSE(variance_inflation(std::array{0.0, 0.0}, 100.0));
  EXPECT_FALSE(variance_inflation(std::array{3.0}, 100.0));
}

}  // namespace
}  // namespace tokamark::stats
