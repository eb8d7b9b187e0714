#include "comparison/metric.h"

#include <gtest/gtest.h>

#include <set>

namespace tokamark::comparison {
namespace {

/// A trial in which every metric has a value of its own.
record::TrialResult full_trial() {
  record::TrialResult trial;
  trial.metrics.ttft_ms = {1000, 0, 1, 2, 3, 4, 0, {}};  // n, mean, p50, p90, p95, p99, max
  trial.metrics.tpot_ms = {1000, 0, 5, 6, 7, 8, 0, {}};
  trial.metrics.itl_ms = {1000, 0, 9, 0, 0, 10, 0, {}};
  trial.metrics.e2e_ms = {1000, 0, 11, 12, 13, 14, 0, {}};
  trial.metrics.output_tokens_per_s = 1000.0;
  trial.metrics.requests_per_s = 15.0;
  trial.metrics.goodput_requests_per_s = 16.0;
  trial.metrics.slo_attainment = 0.9;
  trial.metrics.fluidity_index = 0.8;
  trial.resources.gpu_energy_per_output_token_j = 17.0;
  return trial;
}

TEST(ComparisonMetric, EachReadsANumberOfItsOwn) {
  std::set<double> values;
  for (const Metric& metric : all_metrics()) {
    const auto value = read(metric, full_trial(), 1.0).value;
    ASSERT_TRUE(value) << metric.name;
    EXPECT_TRUE(values.insert(*value).second) << metric.name << " repeats " << *value;
  }
  EXPECT_EQ(*read(*find_metric("ttft_p99_ms"), full_trial(), {}).value, 4.0);
  EXPECT_EQ(*read(*find_metric("e2e_p95_ms"), full_trial(), {}).value, 13.0);
}

TEST(ComparisonMetric, CostIsPriceOverTokens) {
  // 3.60 dollars an hour are 0.001 a second, in which come 1,000 tokens: 1 dollar a million.
  const Metric& cost = *find_metric("cost_per_million_output_tokens_usd");
  EXPECT_NEAR(*read(cost, full_trial(), 3.6).value, 1.0, 1e-12);
  EXPECT_EQ(read(cost, full_trial(), {}).reason, "the study states no hardware.price_per_hour_usd");
  record::TrialResult idle = full_trial();
  idle.metrics.output_tokens_per_s = 0.0;
  EXPECT_FALSE(read(cost, idle, 3.6).value);
}

TEST(ComparisonMetric, SaysWhyThereIsNoNumber) {
  record::TrialResult trial = full_trial();
  trial.metrics.ttft_ms.p99.reset();
  trial.metrics.ttft_ms.reasons["p99"] = "needs 1000 samples, has 240";
  EXPECT_EQ(read(*find_metric("ttft_p99_ms"), trial, {}).reason, "needs 1000 samples, has 240");
  EXPECT_EQ(find_metric("ttft_p98_ms"), nullptr);
}

}  // namespace
}  // namespace tokamark::comparison
