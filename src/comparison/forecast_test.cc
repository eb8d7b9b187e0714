#include "comparison/forecast.h"

#include <gtest/gtest.h>

#include <cmath>

#include "comparison/sample_for_tests.h"

namespace tokamark::comparison {
namespace {

TEST(Forecast, TakesTheUpperBoundOfThePilotsSpread) {
  // Log ratios 0.00, 0.02, 0.04: standard deviation 0.02 with two degrees of freedom, whose upper
  // 80 % bound is 0.02 sqrt(2 / 0.44629), chi2(0.2, 2) = -2 ln 0.8. At nine blocks t = 2.306.
  const auto found =
      forecast(sample_result({{"a", {100.0, 100.0 * std::exp(0.02), 100.0 * std::exp(0.04)}},
                              {"b", {100.0, 100.0, 100.0}}}),
               9);
  ASSERT_EQ(found.size(), 1U);  // the other primary metrics have no values
  EXPECT_EQ(found.front().pilot_blocks, 3U);
  const double half = 2.306004 * 0.02 * std::sqrt(2.0 / (-2.0 * std::log(0.8))) / 3.0;
  EXPECT_NEAR(found.front().resolution, std::expm1(half), 1e-6);
  EXPECT_EQ(to_text(found.front(), 9),
            "9 blocks can tell ttft_p50_ms of a and b (chat c=8) apart above +-3.3 %");
}

TEST(Forecast, SaysNothingOfWhatIsRefusedOrSeenOnce) {
  auto invalid = sample_result({{"a", {100, 102}}, {"b", {100, 101}}});
  EXPECT_EQ(forecast(invalid, 6).size(), 1U);
  invalid.trials.front().verdict = record::Verdict::invalid;
  EXPECT_TRUE(forecast(invalid, 6).empty());
  EXPECT_TRUE(forecast(sample_result({{"a", {100}}, {"b", {100}}}), 6).empty());
}

}  // namespace
}  // namespace tokamark::comparison
