#include "cli/budget.h"

#include <gtest/gtest.h>

namespace tokamark::cli {
namespace {

TEST(Budget, ReadsLengthsOfTime) {
  EXPECT_DOUBLE_EQ(parse_duration_s("2h").value(), 7200.0);
  EXPECT_DOUBLE_EQ(parse_duration_s("1h30m").value(), 5400.0);
  EXPECT_DOUBLE_EQ(parse_duration_s("90m").value(), 5400.0);
  EXPECT_DOUBLE_EQ(parse_duration_s("1.5h").value(), 5400.0);
  EXPECT_DOUBLE_EQ(parse_duration_s("45").value(), 45.0);
  for (const char* text : {"", "0", "2x", "h", "-1h", "30m1h"}) {
    EXPECT_FALSE(parse_duration_s(text).has_value()) << text;
  }
}

TEST(Budget, HoldsAMultipleOfThreeBlocks) {
  // Three blocks took 300 s, so a block takes 100 s.
  EXPECT_EQ(blocks_within(1000, 300, 3), 9U);  // ten fit
  EXPECT_EQ(blocks_within(600, 300, 3), 6U);   // just
  EXPECT_EQ(blocks_within(599, 300, 3), 5U);   // too few for a verdict: all that fit
  EXPECT_EQ(blocks_within(200, 300, 3), 3U);   // spent already
  EXPECT_EQ(blocks_within(1e6, 300, 3), 30U);
}

}  // namespace
}  // namespace tokamark::cli
