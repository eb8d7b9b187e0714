#include "stats/histogram.h"

#include <gtest/gtest.h>

#include <limits>

namespace tokamark::stats {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// 10 observations: 2 up to 1, 6 from 1 to 2, none from 2 to 4, 2 beyond 4.
const CumulativeCounts kTen{{1.0, 2}, {2.0, 8}, {4.0, 8}, {kInfinity, 10}};

TEST(Histogram, AQuantileIsLinearWithinItsBucket) {
  // The fifth of ten is the third of the six between 1 and 2: 1 + 1 * 3/6.
  EXPECT_DOUBLE_EQ(bucket_quantile(kTen, 0.5).value().value, 1.5);
  EXPECT_DOUBLE_EQ(bucket_quantile(kTen, 0.5).value().low, 1);
  EXPECT_DOUBLE_EQ(bucket_quantile(kTen, 0.5).value().high, 2);
  // The first is the first of two between 0 and 1.
  EXPECT_DOUBLE_EQ(bucket_quantile(kTen, 0.1).value().value, 0.5);
  // The eighth is the last one below 2; the empty bucket after it does not count.
  EXPECT_DOUBLE_EQ(bucket_quantile(kTen, 0.8).value().value, 2.0);
}

TEST(Histogram, AQuantileBeyondTheLastFiniteBoundIsNotKnown) {
  EXPECT_FALSE(bucket_quantile(kTen, 0.81).has_value());
  EXPECT_FALSE(bucket_quantile(kTen, 1.0).has_value());
}

TEST(Histogram, WithoutObservationsThereIsNoQuantile) {
  EXPECT_FALSE(bucket_quantile({}, 0.5).has_value());
  EXPECT_FALSE(bucket_quantile({{1.0, 0}, {kInfinity, 0}}, 0.5).has_value());
}

}  // namespace
}  // namespace tokamark::stats
