#include "load/live.h"

#include <gtest/gtest.h>

namespace tokamark::load {
namespace {

using std::chrono::milliseconds;

TEST(LiveStats, HasNoQuantileBeforeTheFirstValue) {
  EXPECT_FALSE(LiveStats().ttft_quantile_ms(0.5).has_value());
}

// One bucket spans a factor of 2^(1/8) = 1.0905, so its middle is within 4.5 % of any member.
TEST(LiveStats, QuantilesAreWithinHalfABucket) {
  LiveStats stats;
  for (int i = 1; i <= 100; ++i) stats.add_ttft(milliseconds(i));
  EXPECT_NEAR(stats.ttft_quantile_ms(0.5).value(), 50.0, 50.0 * 0.046);
  EXPECT_NEAR(stats.ttft_quantile_ms(0.99).value(), 99.0, 99.0 * 0.046);
}

}  // namespace
}  // namespace tokamark::load
