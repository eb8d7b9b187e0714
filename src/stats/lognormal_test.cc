#include "stats/lognormal.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/rng.h"

namespace tokamark::stats {
namespace {

TEST(Lognormal, ByHand) {
  // Logarithms -1, 0, 1: m = 0, s^2 = 1, n = 3; error sqrt(1/3 + 1/4) = 0.763763, t(0.95, 2) =
  // 2.919986: exp(0.5 -+ 2.230175).
  const std::vector<double> values{std::exp(-1.0), 1.0, std::exp(1.0)};
  const auto interval = lognormal_mean_interval(values, 0.90);
  ASSERT_TRUE(interval.has_value());
  EXPECT_NEAR(interval->low, std::exp(0.5 - 2.230175), 1e-5);
  EXPECT_NEAR(interval->high, std::exp(0.5 + 2.230175), 1e-4);
}

TEST(Lognormal, EqualValuesAreAPoint) {
  const auto interval = lognormal_mean_interval(std::vector<double>{2.0, 2.0, 2.0});
  ASSERT_TRUE(interval.has_value());
  EXPECT_DOUBLE_EQ(interval->low, 2.0);
  EXPECT_DOUBLE_EQ(interval->high, 2.0);
}

TEST(Lognormal, OneValueHasNone) {
  EXPECT_FALSE(lognormal_mean_interval(std::vector<double>{2.0}).has_value());
}

/// The upper bound of the mean of five values with sigma 1, 95 % stated: 4,000 studies held it in
/// 90 %, Student's in 76 %.
TEST(Lognormal, UpperBoundHoldsWhereStudentsDoesNot) {
  base::Rng rng(1);
  const double truth = std::exp(0.5);
  int cox = 0, student = 0;
  constexpr int kStudies = 4000;
  for (int i = 0; i < kStudies; ++i) {
    std::vector<double> values;
    for (int k = 0; k < 5; ++k) values.push_back(std::exp(rng.normal()));
    cox += lognormal_mean_interval(values, 0.90)->high >= truth ? 1 : 0;
    student += t_interval(values, 0.90)->high >= truth ? 1 : 0;
  }
  EXPECT_NEAR(cox, kStudies * 0.90, kStudies * 0.02);
  EXPECT_NEAR(student, kStudies * 0.76, kStudies * 0.02);
}

}  // namespace
}  // namespace tokamark::stats
