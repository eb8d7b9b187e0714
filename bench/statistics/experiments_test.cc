// How often the statistics of a verdict are right. Limits leave three standard errors of the
// simulation, sqrt(p (1 - p) / studies), around what methodology M19 to M25 promise.
#include "statistics/experiments.h"

#include <gtest/gtest.h>

namespace tokamark::statistics {
namespace {

constexpr std::size_t kStudies = 4000;      // 0.95 +- 0.010
constexpr std::size_t kQueueStudies = 400;  // 0.95 +- 0.033

TEST(Statistics, TheSignIntervalCoversWhateverTheRunsAre) {
  for (const auto population : {Population::normal, Population::skewed, Population::outliers}) {
    for (const std::size_t runs : {6U, 9U, 12U}) {
      EXPECT_GE(coverage(population, runs, kStudies, 1).sign, 0.94)
          << to_word(population) << " R=" << runs;
    }
  }
}

TEST(Statistics, TheTIntervalCoversRunsThatAreNormal) {
  for (const std::size_t runs : {6U, 9U, 12U}) {
    EXPECT_NEAR(coverage(Population::normal, runs, kStudies, 1).t, 0.95, 0.012);
  }
}

TEST(Statistics, TheSignIntervalCoversAQueuesRuns) {
  for (const double load : {0.5, 0.7, 0.85}) {
    for (const double q : {0.5, 0.99}) {
      EXPECT_GE(queue_coverage({load, 1000, 0.02, 0.0}, q, 9, kQueueStudies, 2).sign, 0.92)
          << "load " << load << " q " << q;
    }
  }
}

TEST(Statistics, EqualEnginesAreSeldomCalledDifferent) {
  for (const std::size_t engines : {2U, 3U, 4U, 8U}) {
    const FalseWinners found = false_winners(engines, 9, kStudies, 3);
    EXPECT_LE(found.holm, 0.060) << engines;
    EXPECT_LE(found.declared, 0.050) << engines;
  }
  EXPECT_GT(false_winners(8, 9, kStudies, 3).usual, 0.40);  // what Holm is for
}

TEST(Statistics, RequestsOfOneRunAreNoEvidence) {
  EXPECT_GT(false_difference_of_requests({0.85, 1000, 0.02, 0.0}, 0.99, kQueueStudies, 4), 0.5);
}

TEST(Statistics, RandomOrderIsImmuneToDrift) {
  for (const Drift drift : {Drift::none, Drift::linear, Drift::settling, Drift::periodic}) {
    const double wrong = false_difference(drift, Order::random_in_pair, 5 * kStudies, 5);
    EXPECT_LE(wrong, 0.06) << to_word(drift);
  }
  EXPECT_GT(false_difference(Drift::linear, Order::blocked, kStudies, 5), 0.5);
}

TEST(Statistics, DifferencesAreFoundAndTheDirectionRuleHasItsPrice) {
  // An effect of 1.5 standard deviations: methodology M23 says 65 / 88 / 96 % for 6 / 9 / 12.
  const double ratio = 1.0305;  // exp(1.5 x 0.02)
  EXPECT_NEAR(power(ratio, 6, kStudies, 6).declared, 0.65, 0.04);
  EXPECT_NEAR(power(ratio, 9, kStudies, 6).declared, 0.88, 0.04);
  EXPECT_NEAR(power(ratio, 12, kStudies, 6).declared, 0.96, 0.04);
  EXPECT_LE(power(1.0, 9, kStudies, 6).declared, 0.03);
}

TEST(Statistics, APlanFromPilotBlocksIsKept) {
  const BudgetPrediction five = budget_prediction(5, 0.01, kStudies, 7);
  EXPECT_GE(five.kept, 0.85);  // methodology M25: 89 %, with 40 blocks on average
  EXPECT_NEAR(five.mean_blocks, 40.0, 4.0);
  EXPECT_GE(budget_prediction(3, 0.01, kStudies, 7).kept, 0.80);
}

TEST(Statistics, EarlyStoppingIsWrongWhereRequestsQueue) {
  EXPECT_LE(early_stopping({0.3, 1000, 0.0, 0.0}, kQueueStudies, 8).wrong, 0.03);
  const EarlyStopping queued = early_stopping({0.7, 1000, 0.02, 0.0}, kQueueStudies, 8);
  EXPECT_GT(queued.wrong, 0.25);
  EXPECT_GT(queued.variance_inflation, 10.0);
}

}  // namespace
}  // namespace tokamark::statistics
