#include "workload/lengths.h"

#include <gtest/gtest.h>

#include <map>

namespace tokamark::workload {
namespace {

TEST(Lengths, AFixedLengthIsAlwaysTheSame) {
  LengthSpec spec;
  spec.fixed = 42;
  base::Rng rng(1);
  EXPECT_EQ(sample_length(spec, rng), 42U);
  EXPECT_EQ(least_length(spec), 42U);
  EXPECT_EQ(greatest_length(spec), 42U);
}

TEST(Lengths, AUniformLengthReachesBothEndsAboutEquallyOften) {
  LengthSpec spec;
  spec.kind = LengthSpec::Kind::uniform;
  spec.low = 5;
  spec.high = 8;
  base::Rng rng(2);
  std::map<std::uint32_t, int> counts;
  for (int i = 0; i < 4000; ++i) ++counts[sample_length(spec, rng)];
  ASSERT_EQ(counts.size(), 4U);
  for (const auto& [length, count] : counts) {
    EXPECT_GE(length, 5U);
    EXPECT_LE(length, 8U);
    EXPECT_NEAR(count, 1000, 3 * 27.4);  // 3 x sqrt(4000 x 1/4 x 3/4)
  }
}

TEST(Lengths, AQuantileTableIsInvertedLinearlyAndNeverExtrapolated) {
  LengthSpec spec;
  spec.kind = LengthSpec::Kind::quantiles;
  spec.table = {{0.1, 10}, {0.5, 100}, {0.9, 1000}};
  base::Rng rng(3);
  int at_least_length = 0;
  int below_median = 0;
  int below_three_quarters = 0;
  for (int i = 0; i < 10000; ++i) {
    const std::uint32_t length = sample_length(spec, rng);
    ASSERT_GE(length, 10U);
    ASSERT_LE(length, 1000U);
    at_least_length += length == 10 ? 1 : 0;
    below_median += length <= 100 ? 1 : 0;
    // Half-way between (0.5, 100) and (0.9, 1000): length 550 at probability 0.7.
    below_three_quarters += length <= 550 ? 1 : 0;
  }
  EXPECT_NEAR(at_least_length, 1000, 150);  // the mass below the first point
  EXPECT_NEAR(below_median, 5000, 150);     // 3 x sqrt(10000 x 1/2 x 1/2)
  EXPECT_NEAR(below_three_quarters, 7000, 150);
  EXPECT_EQ(least_length(spec), 10U);
  EXPECT_EQ(greatest_length(spec), 1000U);
}

}  // namespace
}  // namespace tokamark::workload
