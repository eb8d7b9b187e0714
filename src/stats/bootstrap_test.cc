#include "stats/bootstrap.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace tokamark::stats {
namespace {

TEST(Bootstrap, NeedsTwelveRuns) {
  const auto one = [](std::span<const std::size_t>) { return 1.0; };
  EXPECT_FALSE(bootstrap_runs(11, one, 1));
  EXPECT_DOUBLE_EQ(bootstrap_runs(12, one, 1)->low, 1.0);
}

TEST(Bootstrap, OfAMeanIsAsWideAsItsStandardError) {
  // The mean of a resample of 0..99 has standard deviation sqrt((100^2 - 1) / 12) / 10 = 2.887.
  const auto mean = [](std::span<const std::size_t> chosen) {
    double sum = 0.0;
    for (const std::size_t index : chosen) sum += static_cast<double>(index);
    return sum / static_cast<double>(chosen.size());
  };
  const auto found = bootstrap_runs(100, mean, 7).value();
  EXPECT_NEAR(found.low, 49.5 - 1.96 * 2.887, 0.25);
  EXPECT_NEAR(found.high, 49.5 + 1.96 * 2.887, 0.25);
  EXPECT_DOUBLE_EQ(bootstrap_runs(100, mean, 7)->low, found.low);
  EXPECT_NE(bootstrap_runs(100, mean, 9)->high, found.high);
}

}  // namespace
}  // namespace tokamark::stats
