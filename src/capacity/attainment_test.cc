#include "capacity/attainment.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace tokamark::capacity {
namespace {

std::vector<Outcome> runs_of(const std::vector<double>& shares, std::size_t requests = 1000) {
  std::vector<Outcome> runs;
  for (const double share : shares) runs.push_back({share, requests, false});
  return runs;
}

TEST(MeanAttainment, ByHand) {
  // Missed: 0.1, 0.2, 0.4, each with half a request of 1e9 added. Logarithms -2.302585, -1.609438,
  // -0.916291: m = -1.609438, s^2 = 0.480453; error sqrt(0.160151 + 0.057709) = 0.466755, t(0.95,
  // 2) = 2.919986: exp(-1.369211 -+ 1.362917) = 0.065078 and 0.993726.
  const auto all = mean_attainment(runs_of({0.9, 0.8, 0.6}, 1'000'000'000), 0.90);
  EXPECT_NEAR(all.mean, 0.7666667, 1e-6);
  EXPECT_NEAR(all.low, 1.0 - 0.993726, 1e-4);
  EXPECT_NEAR(all.high, 1.0 - 0.065078, 1e-4);
}

TEST(MeanAttainment, OneRunSaysNothingOfTheNext) {
  const auto all = mean_attainment(runs_of({0.95}), 0.90);
  EXPECT_DOUBLE_EQ(all.mean, 0.95);
  EXPECT_DOUBLE_EQ(all.low, 0.0);
  EXPECT_DOUBLE_EQ(all.high, 1.0);
}

TEST(MeanAttainment, EqualValuesClaimNoMoreThanTheirRequests) {
  const auto all = mean_attainment(runs_of({1, 1, 1, 1, 1}, 4), 0.90);
  EXPECT_NEAR(all.low, 1.0 - 0.125, 1e-9);  // half a request of four, without any spread
  const auto more = mean_attainment(runs_of({1, 1, 1, 1, 1}, 1000), 0.90);
  EXPECT_NEAR(more.low, 0.9995, 1e-3);
  const auto half = mean_attainment(runs_of({0.5, 0.5, 0.5, 0.5, 0.5}, 4), 0.90);
  EXPECT_NEAR(half.low, 0.5 - 2.131847 * std::sqrt(0.25 / 20.0), 1e-5);
}

TEST(Judge, FourRunsDecideNothing) {
  EXPECT_EQ(judge(runs_of({1, 1, 1, 1}), {}), Standing::undecided);
  EXPECT_EQ(judge(runs_of({0, 0, 0, 0}), {}), Standing::undecided);
}

TEST(Judge, FiveClearRunsDecide) {
  EXPECT_EQ(judge(runs_of({1, 1, 1, 1, 1}), {}), Standing::meets);
  EXPECT_EQ(judge(runs_of({0.98, 0.97, 0.99, 0.98, 0.97}), {}), Standing::meets);
  EXPECT_EQ(judge(runs_of({0.4, 0.5, 0.45, 0.5, 0.4}), {}), Standing::misses);
}

TEST(Judge, OneBadRunOfFiveLeavesItOpen) {
  EXPECT_EQ(judge(runs_of({1, 1, 1, 1, 0.6}), {}), Standing::undecided);
}

TEST(Judge, RunsAtTheShareAreOpen) {
  EXPECT_EQ(judge(runs_of({0.89, 0.91, 0.9, 0.91, 0.89}), {}), Standing::undecided);
}

TEST(Judge, ShortRunsOfEqualValueAreNoProof) {
  EXPECT_EQ(judge(runs_of({1, 1, 1, 1, 1}, 4), {}), Standing::undecided);
}

TEST(Judge, TheShareIsWhatIsAsked) {
  const auto runs = runs_of({0.95, 0.96, 0.94, 0.95, 0.95});
  EXPECT_EQ(judge(runs, {0.90, 0.90}), Standing::meets);
  EXPECT_EQ(judge(runs, {0.99, 0.90}), Standing::misses);
}

TEST(Judge, OverloadIsNoSuccessHoweverManyWereInTime) {
  auto runs = runs_of({0.99, 0.98, 0.99, 0.98, 0.99});
  for (std::size_t i = 0; i < 3; ++i) runs[i].overloaded = true;
  EXPECT_EQ(judge(runs, {}), Standing::undecided);
  for (Outcome& run : runs) run.overloaded = true;
  EXPECT_EQ(judge(runs, {}), Standing::misses);
  for (std::size_t i = 0; i < 3; ++i) runs[i].overloaded = false;
  EXPECT_EQ(judge(runs, {}), Standing::meets);
}

}  // namespace
}  // namespace tokamark::capacity
