#include "stats/quantile.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace tokamark::stats {
namespace {

// Worked by hand: of 10 ascending values the p50 is the ceil(5.0) = 5th, the p95 the 10th.
TEST(NearestRank, PicksTheCeilingOfQTimesN) {
  const std::vector<double> x{1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  EXPECT_EQ(nearest_rank(x, 0.5), 5);
  EXPECT_EQ(nearest_rank(x, 0.51), 6);
  EXPECT_EQ(nearest_rank(x, 0.95), 10);
  EXPECT_EQ(nearest_rank(x, 0.01), 1);
}

TEST(NearestRank, IsNotMovedByRoundingOfQTimesN) {
  std::vector<double> x(200);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<double>(i + 1);
  EXPECT_EQ(nearest_rank(x, 0.95), 190);  // 0.95 * 200 is 190.00000000000003 in binary
}

TEST(NearestRank, FailedRequestsAsInfinityPushTheTailUp) {
  const double inf = std::numeric_limits<double>::infinity();
  const std::vector<double> x{1, 2, 3, inf};
  EXPECT_EQ(nearest_rank(x, 0.75), 3);
  EXPECT_EQ(nearest_rank(x, 0.76), inf);
}

// Methodology M20 names p95 200, p99 1,000, p99.9 10,000.
TEST(SampleFloor, IsTenSamplesBeyondTheQuantile) {
  EXPECT_EQ(sample_floor(0.5), 20U);
  EXPECT_EQ(sample_floor(0.9), 100U);
  EXPECT_EQ(sample_floor(0.95), 200U);
  EXPECT_EQ(sample_floor(0.99), 1000U);
  EXPECT_EQ(sample_floor(0.999), 10000U);
}

TEST(Mean, KeepsSmallValuesBesideAHugeOne) {
  std::vector<double> x(10'000'000, 1.0);
  x.front() = 1e16;
  EXPECT_EQ(mean(x), (1e16 + 9'999'999.0) / 1e7);
}

TEST(Median, IsTheMiddleOrTheMeanOfTheTwoMiddleOnes) {
  EXPECT_EQ(median(std::vector<double>{3, 1, 2}), 2);
  EXPECT_EQ(median(std::vector<double>{4, 1, 3, 2}), 2.5);
}

}  // namespace
}  // namespace tokamark::stats
