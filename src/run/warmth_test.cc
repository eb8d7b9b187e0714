#include "run/warmth.h"

#include <gtest/gtest.h>

#include <vector>

namespace tokamark::run {
namespace {

std::vector<double> windows(double first, double second) {
  std::vector<double> values(kWarmWindow, first);
  values.insert(values.end(), kWarmWindow, second);
  return values;
}

TEST(Warmth, NeedsTwoWholeWindows) {
  EXPECT_FALSE(is_warm(std::vector<double>(39, 10.0), 0.05));
  EXPECT_TRUE(is_warm(std::vector<double>(40, 10.0), 0.05));
}

TEST(Warmth, IsReachedWithinFivePercentEitherWay) {
  EXPECT_TRUE(is_warm(windows(10.0, 9.6), 0.05));
  EXPECT_TRUE(is_warm(windows(10.0, 10.4), 0.05));
  EXPECT_FALSE(is_warm(windows(10.0, 9.4), 0.05));
  EXPECT_FALSE(is_warm(windows(10.0, 10.6), 0.05));
  EXPECT_TRUE(is_warm(windows(10.0, 10.6), 0.07));  // a study's own limit
}

TEST(Warmth, LooksAtTheNewestWindowsOnly) {
  std::vector<double> values(20, 500.0);  // the first requests compile kernels
  const std::vector<double> settled = windows(10.0, 10.0);
  values.insert(values.end(), settled.begin(), settled.end());
  EXPECT_TRUE(is_warm(values, 0.05));
}

}  // namespace
}  // namespace tokamark::run
