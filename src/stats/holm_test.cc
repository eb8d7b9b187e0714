#include "stats/holm.h"

#include <gtest/gtest.h>

#include <array>

namespace tokamark::stats {
namespace {

TEST(Holm, StepsDownAndNeverFalls) {
  // 3 x 0.01; then 2 x 0.03; then 1 x 0.04, which may not be below the one before.
  const auto adjusted = holm_adjust(std::array{0.01, 0.04, 0.03});
  EXPECT_DOUBLE_EQ(adjusted[0], 0.03);
  EXPECT_DOUBLE_EQ(adjusted[1], 0.06);
  EXPECT_DOUBLE_EQ(adjusted[2], 0.06);
}

TEST(Holm, StaysWithinOne) {
  const auto adjusted = holm_adjust(std::array{0.9, 0.8});
  EXPECT_DOUBLE_EQ(adjusted[0], 1.0);
  EXPECT_DOUBLE_EQ(adjusted[1], 1.0);
}

TEST(Holm, OneTestIsLeftAsItIs) { EXPECT_DOUBLE_EQ(holm_adjust(std::array{0.04})[0], 0.04); }

}  // namespace
}  // namespace tokamark::stats
