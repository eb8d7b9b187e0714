#include "stats/precision.h"

#include <gtest/gtest.h>

namespace tokamark::stats {
namespace {

// t(0.975, n - 1) x 2 % / sqrt(n), with t from Fisher and Yates: 2.571, 2.306, 2.201, 2.093.
TEST(Precision, ResolutionOfRuns) {
  EXPECT_NEAR(resolution(0.02, 6), 0.0210, 5e-5);
  EXPECT_NEAR(resolution(0.02, 9), 0.0154, 5e-5);
  EXPECT_NEAR(resolution(0.02, 12), 0.0127, 5e-5);
  EXPECT_NEAR(resolution(0.02, 20), 0.0094, 5e-5);
}

TEST(Precision, RunsForAHalfWidth) {
  // 17 runs: 2.120 x 2 % / 4.123 = 1.03 %; 18 runs: 2.110 x 2 % / 4.243 = 0.99 %.
  EXPECT_EQ(runs_for(0.01, 0.02), 18U);
  EXPECT_EQ(runs_for(1.0, 0.0), 2U);
  EXPECT_FALSE(runs_for(1e-9, 1.0));
}

TEST(Precision, UpperBoundOfAStandardDeviation) {
  // chi2(0.2, 4) = 1.6488 (Fisher and Yates, table IV): sqrt(4 / 1.6488)
  EXPECT_NEAR(sd_upper_bound(1.0, 4), 1.5576, 1e-4);
}

TEST(Precision, VariancesOfTwoLevels) {
  // Means 2 and 6 have variance 8, each start 2: T2^2 = 8 - 2 / 2.
  const auto levels = level_variances({{1, 3}, {5, 7}}).value();
  EXPECT_DOUBLE_EQ(levels.within_start, 2.0);
  EXPECT_DOUBLE_EQ(levels.between_starts, 7.0);
  EXPECT_DOUBLE_EQ(levels.between_share(), 7.0 / 9.0);
  // ceil(sqrt(100 x 2 / 7)) = ceil(5.35)
  EXPECT_EQ(best_runs_per_start(levels, 100.0, 1.0), 6U);
}

TEST(Precision, StartsThatDifferLessThanTheirRunsSayDoNotCount) {
  const auto levels = level_variances({{1, 9}, {2, 8}}).value();
  EXPECT_DOUBLE_EQ(levels.between_starts, 0.0);
  EXPECT_EQ(best_runs_per_start(levels, 1.0, 1.0), 100U);
}

TEST(Precision, OneRunAStartTellsNothingOfLevels) {
  EXPECT_FALSE(level_variances({{1}, {2}}));
  EXPECT_FALSE(level_variances({{1, 2}}));
}

}  // namespace
}  // namespace tokamark::stats
