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

TEST(BestSplits, TradeStartsForRunsByTheirVariances) {
  // Logs of two starts {1, 3} and {5, 7}: 2 within a start and 8 - 2 / 2 = 7 between. A start costs
  // 100 runs: sqrt(100 x 2 / 7) = 5.3, rounded up.
  record::StudyResult result = sample_result({{"a", {}}});
  for (std::uint32_t block = 1; block <= 2; ++block) {
    for (std::uint32_t run = 1; run <= 2; ++run) {
      result.trials.push_back(
          sample_trial("a", block, std::exp(4.0 * block + 2.0 * run - 5.0), run));
    }
  }
  const auto found = best_splits(result, 100.0, 1.0);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found.front().metric, "ttft_p50_ms");
  EXPECT_EQ(found.front().runs, 6U);
  EXPECT_NEAR(found.front().between_starts_share, 7.0 / 9.0, 1e-12);
  EXPECT_TRUE(best_splits(sample_result({{"a", {1, 2}}}), 100.0, 1.0).empty());  // one run a start
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
