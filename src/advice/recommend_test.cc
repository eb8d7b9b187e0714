#include "advice/recommend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "advice/cases.h"
#include "advice/sample_for_tests.h"
#include "advice/winner_context.h"
#include "advice/wording.h"

namespace tokamark::advice {
namespace {

using record::TrialResult;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

/// The quiet study with a third load and a third engine.
record::StudyResult wide_study() {
  auto result = quiet_study();
  const auto trials = result.trials;
  for (TrialResult trial : trials) {
    if (trial.load.concurrency != 8) continue;
    trial.load.concurrency = 16;
    trial.metrics.output_tokens_per_s = 600;
    result.trials.push_back(trial);
  }
  return result;
}

void add_engine(record::StudyResult& result, const std::string& name) {
  const auto trials = result.trials;
  for (TrialResult trial : trials) {
    if (trial.engine != "a") continue;
    trial.engine = name;
    result.trials.push_back(trial);
  }
  result.study["engines"].push_back({{"name", name}});
}

std::string text_of_first(const record::StudyResult& result) {
  const auto list = recommend(result);
  return list.empty() ? "" : list[0].at("text").get<std::string>();
}

TEST(Winner, CarriesMarginIntervalSloAndWhatWasNotTested) {
  auto result = quiet_study();
  result.comparisons.push_back(pair_entry({}));
  EXPECT_EQ(text_of_first(result),
            "For chat at c=8 take a where TTFT p99 counts: TTFT p99 is 12 % lower (95 % interval "
            "8.0 % to 16 %, 9 blocks) than in b. What decided it is not shown by what the engines "
            "tell, or differs between the loads. At c=1 it is not compared. The study states no "
            "SLO. Not tested: loads other than c=1 and c=8, other prompts than those of chat, "
            "other models and machines.");
  const auto entry = recommend(result)[0];
  EXPECT_EQ(entry.at("engine"), "a");
  EXPECT_EQ(entry.at("workload"), "chat");
  EXPECT_EQ(entry.at("load").at("concurrency"), 8);
  EXPECT_THAT(entry.at("rests_on"), ElementsAre("comparisons: ttft_p99_ms chat c=8 a/b"));
}

TEST(Winner, JoinsLoadsAndSaysWhereItIsNotResolved) {
  auto result = wide_study();
  PairSample unresolved{"ttft_p99_ms", 1};
  unresolved.better = "";
  result.comparisons = {pair_entry(unresolved), pair_entry({}),
                        pair_entry({"ttft_p99_ms", 16, "a", "b", 0.8, 0.75, 0.84})};
  const auto list = recommend(result);
  ASSERT_THAT(rules_of(list), ElementsAre("winner"));
  EXPECT_THAT(list[0].at("text").get<std::string>(), HasSubstr("For chat at c=8 and c=16 take a"));
  EXPECT_THAT(list[0].at("text").get<std::string>(),
              HasSubstr("12 % to 20 % lower (95 % intervals within 8.0 % to 25 %, 9 blocks)"));
  EXPECT_THAT(list[0].at("text").get<std::string>(), HasSubstr("At c=1 it is not resolved."));
  EXPECT_TRUE(list[0].at("load").is_null());
  EXPECT_EQ(list[0].at("loads").size(), 2U);
}

TEST(Winner, MustBeatEveryOtherEngineOfItsArm) {
  auto result = quiet_study();
  add_engine(result, "c");
  result.comparisons = {pair_entry({})};  // a against c is not there
  EXPECT_THAT(recommend(result), IsEmpty());
  PairSample against_c{"ttft_p99_ms", 8, "a", "c", 0.9, 0.8, 1.1, ""};
  result.comparisons = {pair_entry({}), pair_entry(against_c)};
  EXPECT_THAT(recommend(result), IsEmpty());
  against_c.high = 0.95;
  against_c.better = "a";
  result.comparisons = {pair_entry({}), pair_entry(against_c)};
  EXPECT_THAT(rules_of(recommend(result)), ElementsAre("winner"));
}

TEST(Winner, NeedNotBeatAnEngineOfAnotherArm) {
  auto result = quiet_study();
  add_engine(result, "c");
  for (auto& engine : result.study["engines"]) engine["arms"] = {"tuned"};
  result.study["engines"][2]["arms"] = {"shipped"};
  result.comparisons = {pair_entry({})};
  EXPECT_THAT(rules_of(recommend(result)), ElementsAre("winner"));
}

TEST(Winner, IsOnlyOfMetricsDeclaredPrimary) {
  auto result = quiet_study();
  result.comparisons = {pair_entry({})};
  result.comparisons[0]["primary"] = false;
  EXPECT_THAT(recommend(result), IsEmpty());
}

TEST(Winner, IsNobodyWhereEnginesAreEquivalent) {
  auto result = quiet_study();
  result.comparisons = {pair_entry({})};
  result.comparisons[0]["verdict"] = "equivalent";
  EXPECT_THAT(recommend(result), IsEmpty());
}

TEST(Winner, SaysByWhatItIsBehind) {
  auto result = quiet_study();
  result.comparisons = {pair_entry({}),
                        pair_entry({"output_tokens_per_s", 8, "a", "b", 0.8, 0.7, 0.9, "b"})};
  const auto list = recommend(result);
  ASSERT_EQ(list.size(), 2U);
  EXPECT_THAT(list[0].at("text").get<std::string>(),
              HasSubstr("But it is behind b by output tokens/s at c=8."));
}

TEST(Winner, StandsWithItsCostAndSlo) {
  auto result = quiet_study();
  result.study["slo"] = {{"ttft_ms", 200}, {"tpot_ms", 20}};
  result.study["hardware"] = {{"price_per_hour_usd", 2.5}, {"price_date", "2026-11-01"}};
  change_all(result, [](TrialResult& trial) { trial.metrics.slo_attainment = 0.985; });
  result.comparisons = {pair_entry({})};
  result.estimates = {{{"engine", "a"},
                       {"workload", "chat"},
                       {"load", result.comparisons[0]["load"]},
                       {"metric", "cost_per_million_output_tokens_usd"},
                       {"median", 1.736},
                       {"low", 1.7},
                       {"high", 1.8}}};
  const auto text = text_of_first(result);
  EXPECT_THAT(text, HasSubstr("SLO: TTFT 200 ms and TPOT 20 ms; 98 % of the requests met it."));
  EXPECT_THAT(text, HasSubstr("Cost, in USD for a million output tokens: 1.74 (1.7 to 1.8) at c=8 "
                              "and 400 tokens/s; at the study's price of 2.5 USD an hour (of "
                              "2026-11-01), input tokens not priced apart."));
  result.study["hardware"].erase("price_date");
  EXPECT_THAT(text_of_first(result), HasSubstr("2.5 USD an hour (of no stated date), input"));
  result.study.erase("hardware");
  EXPECT_THAT(text_of_first(result), Not(HasSubstr("Cost")));
}

TEST(Winner, NamesCaveatsAndEnginesWithoutTrials) {
  auto result = quiet_study();
  result.study["engines"].push_back({{"name", "c"}});
  result.comparisons = {pair_entry({})};
  result.comparisons[0]["caveats"] = {"not known to be equal: dtype"};
  const auto text = text_of_first(result);
  EXPECT_THAT(text, HasSubstr("Mind: not known to be equal: dtype."));
  EXPECT_THAT(text, HasSubstr("Not tested: c, loads other than"));
}

TEST(Winner, IsExplainedOnlyByWhatHoldsAtAllItsLoads) {
  auto result = wide_study();
  result.comparisons = {pair_entry({}), pair_entry({"ttft_p99_ms", 16})};
  change_all(result, [](TrialResult& trial) {
    trial.server.requests_waiting_mean = trial.engine == "a" ? 0.1 : 4.0;
  });
  EXPECT_THAT(rules_of(recommend(result)), ElementsAre("winner_by_queueing"));
  change_load(result, 16, [](TrialResult& trial) { trial.server.requests_waiting_mean = 4.0; });
  EXPECT_THAT(rules_of(recommend(result)), ElementsAre("winner"));
}

TEST(EngineAdvice, JoinsLoadsWithTheRangeOfWhatWasSeen) {
  auto result = quiet_study();
  change_engine(result, "b", [](TrialResult& trial) {
    trial.server.kv_cache_usage_peak_ratio = trial.load.concurrency == 1 ? 0.96 : 1.0;
    trial.server.preemptions = trial.load.concurrency;
  });
  const auto list = recommend(result);
  ASSERT_THAT(rules_of(list), ElementsAre("kv_cache_preempts"));
  EXPECT_THAT(
      list[0].at("text").get<std::string>(),
      HasSubstr("b ran out of KV cache on chat at c=1 and c=8: it filled 96 % to 100 % of it "
                "and preempted 1 to 8 requests a window"));
  EXPECT_THAT(list[0].at("text").get<std::string>(), HasSubstr("(in force: not known)"));
  EXPECT_THAT(list[0].at("rests_on"),
              ElementsAre("trials: server.kv_cache_usage_peak_ratio chat c=1 b",
                          "trials: server.kv_cache_usage_peak_ratio chat c=8 b",
                          "trials: server.preemptions chat c=1 b",
                          "trials: server.preemptions chat c=8 b"));
}

TEST(EngineAdvice, TakesTheMedianOverValidTrialsAndNeedsAllOfThem) {
  auto result = quiet_study();
  auto second = result.trials[0];
  second.repeat = 2;
  result.trials.push_back(second);
  second.repeat = 3;
  second.verdict = record::Verdict::invalid;
  second.server.preemptions = 100;
  result.trials.push_back(second);
  result.trials[0].server.preemptions = 2;
  EXPECT_EQ(number_of(engine_cases(result)[0].facts, "preemptions"), std::nullopt);
  result.trials[4].server.preemptions = 4;
  EXPECT_EQ(number_of(engine_cases(result)[0].facts, "preemptions"), 3.0);
}

TEST(Recommend, SaysSimulated) {
  auto result = quiet_study();
  result.simulated = true;
  result.comparisons = {pair_entry({})};
  EXPECT_THAT(text_of_first(result), testing::StartsWith("SIMULATED: "));
}

TEST(Recommend, KeepsHostileNamesAsTheyAreAndReadsNothingOutOfThem) {
  auto result = quiet_study();
  const std::string name = "<script>{loads}%s</script>\n";
  change_engine(result, "a", [&](TrialResult& trial) { trial.engine = name; });
  result.study["engines"][0]["name"] = name;
  PairSample sample;
  sample.a = sample.better = name;
  result.comparisons = {pair_entry(sample)};
  EXPECT_THAT(text_of_first(result), HasSubstr("take " + name + " where"));
}

TEST(Recommend, MakesNothingOfJsonThatItDoesNotKnow) {
  auto result = quiet_study();
  result.study = {{"engines", 1}, {"workloads", "x"}, {"slo", {{"ttft_ms", "y"}}}};
  result.estimates = {1, {{"load", nullptr}}};
  result.comparisons = {{{"metric", 1}}};
  result.fairness = {{"arms", {1, {{"settings", {1}}}}}};
  EXPECT_THAT(recommend(result), IsEmpty());
  EXPECT_THAT(recommend({}), IsEmpty());
}

TEST(WinnerFields, AreThoseThatRulesMayName) {
  auto result = quiet_study();
  result.comparisons = {pair_entry({})};
  const auto rows = pair_rows(result);
  const auto winners = winner_cases(result, rows, engine_cases(result));
  ASSERT_EQ(winners.size(), 1U);
  for (const auto& [name, text] : winner_fields(result, {&winners[0]}, winners, rows)) {
    EXPECT_THAT(winner_field_names(), Contains(name));
  }
}

}  // namespace
}  // namespace tokamark::advice
