#include "workload/arrivals.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace tokamark::workload {
namespace {

using std::chrono::seconds;

LoadShape open_load(double rate, Arrivals arrivals, double cv = 1.0) {
  LoadShape load;
  load.kind = LoadKind::open;
  load.rate_per_s = rate;
  load.arrivals = arrivals;
  load.gamma_cv = cv;
  return load;
}

std::vector<double> gaps_s(const std::vector<base::Nanos>& offsets) {
  std::vector<double> gaps;
  base::Nanos before{0};
  for (const base::Nanos offset : offsets) {
    gaps.push_back(base::to_seconds(offset - before));
    before = offset;
  }
  return gaps;
}

double mean(const std::vector<double>& values) {
  double sum = 0.0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

double coefficient_of_variation(const std::vector<double>& values) {
  const double centre = mean(values);
  double squares = 0.0;
  for (const double value : values) squares += (value - centre) * (value - centre);
  return std::sqrt(squares / static_cast<double>(values.size() - 1)) / centre;
}

TEST(Arrivals, ConstantGapsAreExactEvenAfterManyOfThem) {
  const auto offsets = arrival_offsets(open_load(3.0, Arrivals::constant), seconds(3001), 1);
  ASSERT_EQ(offsets.size(), 9002U);  // 1/3, 2/3, ... and 9003/3 = 3001 is outside [0, 3001)
  EXPECT_EQ(offsets[0].count(), 333'333'333);
  EXPECT_EQ(offsets[8999].count(), 3'000'000'000'000);
}

TEST(Arrivals, TheSameSeedGivesTheSameOffsetsAndAnotherSeedOthers) {
  const LoadShape load = open_load(10.0, Arrivals::poisson);
  EXPECT_EQ(arrival_offsets(load, seconds(60), 7), arrival_offsets(load, seconds(60), 7));
  EXPECT_NE(arrival_offsets(load, seconds(60), 7), arrival_offsets(load, seconds(60), 8));
}

TEST(Arrivals, ALongerRunStartsWithTheShorterOne) {
  const LoadShape load = open_load(10.0, Arrivals::gamma, 2.0);
  const auto shorter = arrival_offsets(load, seconds(20), 7);
  const auto longer = arrival_offsets(load, seconds(40), 7);
  ASSERT_GT(longer.size(), shorter.size());
  EXPECT_TRUE(std::equal(shorter.begin(), shorter.end(), longer.begin()));
}

TEST(Arrivals, OffsetsRiseAndStayInsideTheLength) {
  for (const Arrivals arrivals : {Arrivals::constant, Arrivals::poisson, Arrivals::gamma}) {
    const auto offsets = arrival_offsets(open_load(50.0, arrivals, 3.0), seconds(20), 3);
    ASSERT_FALSE(offsets.empty());
    EXPECT_TRUE(std::is_sorted(offsets.begin(), offsets.end()));
    EXPECT_LT(offsets.back(), base::Nanos(seconds(20)));
  }
}

TEST(Arrivals, PoissonGapsPassAKolmogorovSmirnovTestAgainstTheExponential) {
  const double rate = 20.0;
  auto gaps = gaps_s(arrival_offsets(open_load(rate, Arrivals::poisson), seconds(500), 11));
  std::sort(gaps.begin(), gaps.end());
  const auto n = static_cast<double>(gaps.size());
  double distance = 0.0;
  for (std::size_t i = 0; i < gaps.size(); ++i) {
    const double expected = 1.0 - std::exp(-rate * gaps[i]);
    distance = std::max({distance, std::abs(expected - static_cast<double>(i) / n),
                         std::abs(expected - static_cast<double>(i + 1) / n)});
  }
  EXPECT_LT(distance, 1.63 / std::sqrt(n));  // 1 % point of the Kolmogorov distribution
}

TEST(Arrivals, PoissonCountsPerSecondHaveADispersionOfOne) {
  const auto offsets = arrival_offsets(open_load(20.0, Arrivals::poisson), seconds(1000), 5);
  std::vector<double> counts(1000, 0.0);
  for (const base::Nanos offset : offsets) {
    counts[static_cast<std::size_t>(base::to_seconds(offset))] += 1.0;
  }
  const double cv = coefficient_of_variation(counts);
  const double dispersion = cv * cv * mean(counts);
  EXPECT_NEAR(dispersion, 1.0, 3.0 * std::sqrt(2.0 / 999.0));  // 3 standard errors
}

TEST(Arrivals, GammaGapsHaveTheAskedRateAndCoefficientOfVariation) {
  const LoadShape load = open_load(20.0, Arrivals::gamma, 2.0);
  const auto gaps = gaps_s(arrival_offsets(load, seconds(2000), 9));
  const double standard_error = 2.0 / std::sqrt(static_cast<double>(gaps.size()));
  EXPECT_NEAR(mean(gaps) * 20.0, 1.0, 3.0 * standard_error);
  EXPECT_NEAR(coefficient_of_variation(gaps), 2.0, 0.15);
}

}  // namespace
}  // namespace tokamark::workload
