#include "comparison/comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "comparison/sample_for_tests.h"

namespace tokamark::comparison {
namespace {

using nlohmann::json;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

/// Six blocks around 100 ms, and the same a tenth higher.
const std::vector<double> kFast{98, 99, 100, 100, 101, 102};
const std::vector<double> kSlow{107.8, 108.9, 110, 110, 111.1, 112.2};

const Comparison& find(const StudyComparison& all, const std::string& metric) {
  const auto found =
      std::find_if(all.comparisons.begin(), all.comparisons.end(),
                   [&](const Comparison& comparison) { return comparison.metric == metric; });
  EXPECT_NE(found, all.comparisons.end()) << metric;
  return *found;
}

Comparison ttft(const record::StudyResult& result) {
  return find(compare_engines(result), "ttft_p50_ms");
}

TEST(CompareEngines, DeclaresADifferenceThatEveryBlockShows) {
  auto result = sample_result({{"a", kSlow}, {"b", kFast}});
  result.trials.front().metrics.ttft_ms.p50 = 108.8;  // so that the blocks differ a little
  const Comparison c = ttft(result);
  EXPECT_EQ(c.verdict, Verdict::different) << c.reason;
  EXPECT_EQ(c.better, "b");  // the lower TTFT
  EXPECT_EQ(c.blocks, 6U);
  EXPECT_EQ(c.a_greater, 6U);
  EXPECT_TRUE(c.primary);
  EXPECT_NEAR(*c.ratio, 1.1 * std::pow(108.8 / 107.8, 1.0 / 6.0), 1e-9);
  EXPECT_LT(c.interval->low, *c.ratio);
  EXPECT_GT(c.interval->high, *c.ratio);
}

TEST(CompareEngines, DoesNotResolveWhatOneBlockInSixDenies) {
  auto slow = kSlow;
  slow.back() = 101;  // below b's 102
  const Comparison c = ttft(sample_result({{"a", slow}, {"b", kFast}}));
  EXPECT_EQ(c.verdict, Verdict::not_resolved);
  EXPECT_EQ(c.reason, "blocks do not agree in direction: 5 of 6 one way");
}

TEST(CompareEngines, SaysWhenADifferenceRestsOnOneBlock) {
  // Log ratios of ratio_test's SaysOnWhichBlocksItRests.
  const std::vector<double> slow{101.005, 110.517, 101.005, 110.517, 101.005, 110.517};
  auto result = sample_result({{"a", slow}, {"b", std::vector<double>(6, 100.0)}});
  result.study["comparison"]["primary"] = {"ttft_p50_ms"};  // alone in its family: p = 0.041
  const Comparison c = ttft(result);
  EXPECT_EQ(c.verdict, Verdict::different) << c.reason;
  EXPECT_THAT(c.caveats, Contains("rests on block 2: without it the interval holds 1"));
  EXPECT_THAT(c.caveats, Not(Contains(HasSubstr("rests on block 1"))));
  const Comparison broad = ttft(sample_result({{"a", kSlow}, {"b", kFast}}));
  EXPECT_THAT(broad.caveats, Not(Contains(HasSubstr("rests on"))));
}

TEST(CompareEngines, SaysAtWhichPrecisionNothingIsResolved) {
  const Comparison c = ttft(sample_result({{"a", {90, 130, 95, 125, 100, 120}}, {"b", kFast}}));
  EXPECT_EQ(c.verdict, Verdict::not_resolved);
  EXPECT_EQ(c.reason, fmt::format("not resolved at +-{:.1f} %", 100.0 * *c.resolution));
  EXPECT_GT(*c.resolution, 0.05);
}

TEST(CompareEngines, CallsEqualEnginesEquivalent) {
  const Comparison c = ttft(sample_result({{"a", {98, 99.1, 100, 100.1, 101, 102}}, {"b", kFast}}));
  EXPECT_EQ(c.verdict, Verdict::equivalent);
  EXPECT_EQ(c.better, "");
}

TEST(CompareEngines, FewerThanSixBlocksDecideNothing) {
  const Comparison c =
      ttft(sample_result({{"a", {108, 109, 110, 111, 112}}, {"b", {98, 99, 101, 100, 102}}}));
  EXPECT_EQ(c.verdict, Verdict::not_resolved);
  EXPECT_EQ(c.reason, "5 blocks in common; a verdict needs 6");
  EXPECT_TRUE(c.interval);
}

TEST(CompareEngines, OneInvalidRunDecidesNothing) {
  auto result = sample_result({{"a", kSlow}, {"b", kFast}});
  result.trials[2].verdict = record::Verdict::invalid;
  result.trials[2].codes = {{"errors", "", ""}};
  const Comparison c = ttft(result);
  EXPECT_EQ(c.verdict, Verdict::not_resolved);
  EXPECT_EQ(c.reason, "r3.1-a-chat-c8 is invalid: errors");
  EXPECT_FALSE(c.ratio);
}

TEST(CompareEngines, LeavesOutBlocksWithOtherSchedules) {
  auto result = sample_result({{"a", kSlow}, {"b", kFast}});
  result.trials[0].schedule_sha256 = "another";
  const Comparison c = ttft(result);
  EXPECT_EQ(c.blocks, 5U);
  EXPECT_THAT(c.caveats, Contains(HasSubstr("1 of a's blocks left out")));
}

TEST(CompareEngines, SaysWhichNumberIsMissing) {
  const auto all = compare_engines(sample_result({{"a", kSlow}, {"b", kFast}}));
  EXPECT_EQ(find(all, "ttft_p99_ms").reason, "not recorded in r1.1-a-chat-c8");
  auto zero = sample_result({{"a", kSlow}, {"b", kFast}});
  zero.trials.back().metrics.ttft_ms.p50 = 0.0;
  EXPECT_THAT(ttft(zero).reason, HasSubstr("it is 0 in r6.1-b-chat-c8"));
}

TEST(CompareEngines, AnUnequalArmDecidesNothing) {
  auto result = sample_result({{"a", kSlow}, {"b", kFast}});
  const json settings{{{"name", "dtype"}, {"standing", "different"}, {"decides", true}},
                      {{"name", "tokenizer"}, {"standing", "unknown"}, {"decides", true}}};
  result.fairness = {{"arms", {{{"arm", ""}, {"verdict", "unequal"}, {"settings", settings}}}}};
  EXPECT_EQ(ttft(result).verdict, Verdict::not_resolved);
  EXPECT_EQ(ttft(result).reason, "the engines differ, unmeant, in dtype");
  result.fairness["arms"][0]["verdict"] = "not_shown";
  EXPECT_EQ(ttft(result).verdict, Verdict::different);
  EXPECT_THAT(ttft(result).caveats, Contains("not known to be equal: tokenizer"));
}

TEST(CompareEngines, UnequalAnswersDecideNothing) {
  auto result = sample_result({{"a", kSlow}, {"b", kFast}});
  for (auto& trial : result.trials) {
    if (trial.engine == "a") trial.counts.output_tokens = 3264;  // 32.64 a request, 2 % more
  }
  EXPECT_THAT(ttft(result).reason, HasSubstr("unequal work: a gave 32.6 output tokens a request"));
  result.study["workloads"][0]["output_rule"] = "natural";  // allows 10 %
  EXPECT_EQ(ttft(result).verdict, Verdict::different);
}

TEST(CompareEngines, ComparesWithinAnArmOnly) {
  auto result = sample_result({{"a", kSlow}, {"b", kFast}});
  result.study["engines"][0]["arms"] = {"shipped"};
  result.study["engines"][1]["arms"] = {"tuned"};
  EXPECT_TRUE(compare_engines(result).comparisons.empty());
}

TEST(CompareEngines, AdjustsOverTheDeclaredFamily) {
  // Only TTFT has values: its p counts as one of three pairs x three primary metrics.
  const auto all = compare_engines(sample_result({{"a", {90, 130, 95, 125, 100, 120}},
                                                  {"b", {100, 100, 100, 100, 100, 100}},
                                                  {"c", {91, 131, 96, 126, 101, 121}}}));
  double least = 1.0;
  for (const Comparison& c : all.comparisons) {
    if (c.primary && c.p) least = std::min(least, *c.p);
  }
  for (const Comparison& c : all.comparisons) {
    if (!c.primary || !c.p || *c.p != least) continue;
    EXPECT_NEAR(*c.p_adjusted, std::min(1.0, 9 * *c.p), 1e-12);
  }
}

TEST(CompareEngines, AnOpenLoadComparesNoRateThatItSets) {
  auto result = sample_result({{"a", kSlow}, {"b", kFast}});
  for (auto& trial : result.trials) {
    trial.load.kind = workload::LoadKind::open;
    trial.load.rate_per_s = 2.0;
    trial.metrics.output_tokens_per_s = 64.0;
  }
  for (const Comparison& c : compare_engines(result).comparisons) {
    EXPECT_NE(c.metric, "output_tokens_per_s");
    EXPECT_NE(c.metric, "cost_per_million_output_tokens_usd");
  }
}

TEST(CompareEngines, DeclaredMetricsArePrimary) {
  auto result = sample_result({{"a", kSlow}, {"b", kFast}});
  result.study["comparison"] = {{"primary", {"e2e_p99_ms"}}};
  const auto all = compare_engines(result);
  EXPECT_FALSE(find(all, "ttft_p50_ms").primary);
  EXPECT_TRUE(find(all, "e2e_p99_ms").primary);
}

TEST(CompareEngines, AttachedServersAreSaidToBeNotStartedAnew) {
  auto result = sample_result({{"a", kSlow}, {"b", kFast}});
  result.study["engines"][0]["kind"] = "openai";
  EXPECT_THAT(ttft(result).caveats, Contains(HasSubstr("a was attached")));
}

TEST(CompareEngines, DriftWithinWindowsIsSaid) {
  auto result = sample_result({{"a", kSlow}, {"b", kFast}});
  for (auto& trial : result.trials) {
    // ln of a tenth more in the last quarter than in the first, give or take.
    trial.checks.tpot_drift_log = trial.engine == "a" ? -std::log(1.1) - 0.001 * trial.repeat : 0.0;
  }
  const auto caveats = ttft(result).caveats;
  EXPECT_THAT(caveats, Contains(HasSubstr("TPOT of a rose by 10 %")));
  EXPECT_EQ(caveats.size(), 1U);
}

TEST(Estimates, AreTheMedianOfStartsWithItsSignInterval) {
  const auto all = compare_engines(sample_result({{"a", {98, 99, 100, 102, 104, 110}}}));
  const auto estimate = std::find_if(all.estimates.begin(), all.estimates.end(),
                                     [](const Estimate& e) { return e.metric == "ttft_p50_ms"; });
  EXPECT_EQ(estimate->starts, 6U);
  EXPECT_NEAR(*estimate->median, std::sqrt(100.0 * 102.0), 1e-9);  // of logs
  EXPECT_NEAR(estimate->sign_interval->low, 98, 1e-9);
  EXPECT_NEAR(estimate->sign_interval->high, 110, 1e-9);
  EXPECT_FALSE(estimate->between_starts_share);
}

TEST(Estimates, SeveralRunsOfAStartAreOneValue) {
  record::StudyResult result = sample_result({{"a", {}}});
  for (std::uint32_t block = 1; block <= 2; ++block) {
    // Logs of the starts: {0, 2} and {4, 6}, so means 1 and 5: variances 2 within and 8 of means.
    for (std::uint32_t run = 1; run <= 2; ++run) {
      result.trials.push_back(
          sample_trial("a", block, std::exp(4.0 * block + 2.0 * run - 6.0), run));
    }
  }
  const auto estimates = compare_engines(result).estimates;
  const Estimate& estimate = estimates.front();
  EXPECT_EQ(estimate.metric, "ttft_p50_ms");
  EXPECT_EQ(estimate.starts, 2U);
  EXPECT_EQ(estimate.runs, 4U);
  EXPECT_NEAR(*estimate.median, std::exp(3.0), 1e-9);
  EXPECT_NEAR(*estimate.between_starts_share, 7.0 / 9.0, 1e-12);  // 8 - 2 / 2, of 7 + 2
}

TEST(Comparisons, AreWrittenAsDocumented) {
  auto result = sample_result({{"a", kSlow}, {"b", kFast}});
  add_comparisons(result);
  const auto found = std::find_if(result.comparisons.begin(), result.comparisons.end(),
                                  [](const json& c) { return c["metric"] == "ttft_p50_ms"; });
  EXPECT_EQ((*found)["verdict"], "different");
  EXPECT_EQ((*found)["better"], "b");
  EXPECT_EQ((*found)["R"], 6);
  EXPECT_EQ((*found)["load"]["concurrency"], 8);
  EXPECT_TRUE((*found)["reason"].is_null());
}

}  // namespace
}  // namespace tokamark::comparison
