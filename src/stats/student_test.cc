#include "stats/student.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace tokamark::stats {
namespace {

// Table of Student's t, two-sided 5 % (Fisher and Yates, Statistical Tables, table III).
TEST(Student, QuantilesAreThoseOfTheTable) {
  EXPECT_NEAR(t_quantile(0.975, 2), 4.303, 5e-4);
  EXPECT_NEAR(t_quantile(0.975, 5), 2.571, 5e-4);
  EXPECT_NEAR(t_quantile(0.975, 8), 2.306, 5e-4);
  EXPECT_NEAR(t_quantile(0.975, 11), 2.201, 5e-4);
}

TEST(Student, IntervalOfAMean) {
  const std::array values{1.0, 2.0, 3.0};  // mean 2, standard deviation 1
  const auto found = t_interval(values).value();
  EXPECT_DOUBLE_EQ(found.mean, 2.0);
  EXPECT_NEAR(found.high - found.mean, 4.30265 / std::sqrt(3.0), 1e-5);
  EXPECT_NEAR(found.mean - found.low, 4.30265 / std::sqrt(3.0), 1e-5);
  EXPECT_DOUBLE_EQ(found.dof, 2.0);
  // t = 2 sqrt(3); with two degrees of freedom p = 1 - t / sqrt(2 + t^2).
  const double t = 2.0 * std::sqrt(3.0);
  EXPECT_NEAR(found.p, 1.0 - t / std::sqrt(2.0 + t * t), 1e-12);
}

TEST(Student, OneValueHasNoInterval) {
  EXPECT_FALSE(t_interval(std::array{1.0}));
  EXPECT_FALSE(welch_interval(std::array{1.0}, std::array{1.0, 2.0}));
}

TEST(Student, EqualValuesMakeAPoint) {
  const auto off = t_interval(std::array{2.0, 2.0, 2.0}).value();
  EXPECT_DOUBLE_EQ(off.low, 2.0);
  EXPECT_DOUBLE_EQ(off.high, 2.0);
  EXPECT_DOUBLE_EQ(off.p, 0.0);
  EXPECT_DOUBLE_EQ(t_interval(std::array{0.0, 0.0}).value().p, 1.0);
}

TEST(Student, WelchOfUnequalSpreads) {
  // Means 2 and 4, variances of the means 1/3 and 4/3.
  const auto found = welch_interval(std::array{1.0, 2.0, 3.0}, std::array{2.0, 4.0, 6.0}).value();
  EXPECT_DOUBLE_EQ(found.mean, -2.0);
  EXPECT_NEAR(found.standard_error, std::sqrt(5.0 / 3.0), 1e-12);
  // (1/3 + 4/3)^2 / ((1/3)^2 / 2 + (4/3)^2 / 2) = 50 / 17
  EXPECT_NEAR(found.dof, 50.0 / 17.0, 1e-12);
}

}  // namespace
}  // namespace tokamark::stats
