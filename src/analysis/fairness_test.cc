#include "analysis/fairness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tokamark::analysis {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::IsEmpty;

/// Two engines, a and b, whose settings a test changes.
class Fairness : public testing::Test {
 protected:
  Fairness() {
    result_.study = {{"engines", json::array({{{"name", "a"}}, {{"name", "b"}}})},
                     {"workloads", json::array({{{"temperature", 0.0}}})}};
    for (const char* name : {"a", "b"}) {
      set(name, "dtype", "bf16");
      set(name, "kv_cache_dtype", "auto");
      set(name, "kv_cache_tokens", 100000);
      add_trial(name, "r1");
    }
  }
  /// A trial of the engine, in which it answers two probes as before.
  void add_trial(const std::string& engine, const std::string& id) {
    const json answers = json::array(
        {{{"text", "Paris."}, {"prompt_tokens", 9}}, {{"text", " one two"}, {"prompt_tokens", 7}}});
    record::TrialResult trial;
    trial.id = id + "-" + engine;
    trial.engine = engine;
    trial.engine_info["greedy"] = {{"before", answers}, {"after", answers}};
    result_.trials.push_back(std::move(trial));
  }
  json& greedy(const std::string& trial_id) {
    for (record::TrialResult& trial : result_.trials) {
      if (trial.id == trial_id) return trial.engine_info["greedy"];
    }
    ADD_FAILURE() << "no trial " << trial_id;
    return result_.trials.front().engine_info["greedy"];
  }
  void set(const char* engine, const char* setting, const json& value) {
    result_.manifest["engines"][engine]["settings"][setting] = {{"value", value},
                                                                {"source", "log"}};
  }
  void answer(const char* engine, std::size_t index, const char* field, const json& value) {
    for (record::TrialResult& trial : result_.trials) {
      if (trial.engine == engine) trial.engine_info["greedy"]["before"][index][field] = value;
    }
  }
  json arm() { return judge_fairness(result_)["arms"][0]; }
  void answer_after(const std::string& trial, const std::vector<std::string>& texts) {
    greedy(trial)["after"] = json::array();
    for (const std::string& text : texts) greedy(trial)["after"].push_back({{"text", text}});
  }
  /// What the table says of an engine's answers after the load; "" where that is not known.
  std::string after_load(const std::string& engine) {
    const json judged = arm();
    for (const json& row : judged["settings"]) {
      const json cell = row["values"][engine];
      if (row["name"] == "answers_after_load") return cell.is_null() ? "" : cell["value"];
    }
    return "no row";
  }
  std::string standing(const std::string& name) {
    const json judged = arm();
    for (const json& row : judged["settings"]) {
      if (row["name"] == name) return row["standing"];
    }
    return "absent";
  }
  record::StudyResult result_;
};

TEST_F(Fairness, EqualEnginesAreEqual) {
  EXPECT_EQ(arm()["verdict"], "equal");
  EXPECT_THAT(unequal_arms(judge_fairness(result_)), IsEmpty());
  EXPECT_EQ(standing("dtype"), "equal");
  EXPECT_EQ(standing("answers"), "equal");
  EXPECT_EQ(standing("answers_after_load"), "equal");
  EXPECT_EQ(standing("seed"), "absent") << "what nobody tells makes no row";
}

TEST_F(Fairness, ADifferenceThatDecidesIsUnequalAndComesFirst) {
  set("b", "dtype", "f16");
  EXPECT_EQ(arm()["verdict"], "unequal");
  EXPECT_EQ(arm()["settings"][0]["name"], "dtype");
  // Each cache has the type of its engine's arithmetic.
  EXPECT_THAT(unequal_arms(judge_fairness(result_)), ElementsAre("dtype, kv_cache_dtype"));
}

/// Such a checkpoint may carry the scales of an FP8 cache, which engines then use.
TEST_F(Fairness, AQuantisedCheckpointLeavesAnAutomaticCacheUnknown) {
  EXPECT_EQ(standing("kv_cache_dtype"), "equal");
  set("a", "quantization", "modelopt");
  set("b", "quantization", "modelopt");
  EXPECT_EQ(standing("kv_cache_dtype"), "unknown");
  EXPECT_EQ(arm()["verdict"], "not_shown");
  set("b", "kv_cache_dtype", "fp8");
  EXPECT_EQ(standing("kv_cache_dtype"), "unknown");
  EXPECT_EQ(arm()["verdict"], "not_shown");
}

TEST_F(Fairness, AnIntendedDifferenceIsNotUnequal) {
  set("b", "dtype", "f16");
  result_.study["fairness"]["intended"] = {"dtype", "kv_cache_dtype"};
  EXPECT_EQ(standing("dtype"), "intended");
  EXPECT_EQ(arm()["verdict"], "equal");
}

TEST_F(Fairness, ASettingThatDoesNotDecideIsARemark) {
  set("a", "max_sequences", 4);
  set("b", "max_sequences", 8);
  EXPECT_EQ(standing("max_sequences"), "remark");
  EXPECT_EQ(arm()["verdict"], "equal");
}

TEST_F(Fairness, WhatOneEngineDoesNotTellIsNotEqual) {
  set("a", "prefix_cache", false);
  EXPECT_EQ(standing("prefix_cache"), "unknown");
  EXPECT_EQ(arm()["verdict"], "not_shown");
}

/// 2 % is what rounding to blocks may cost.
TEST_F(Fairness, BudgetsOfTheCacheMayDifferByABlock) {
  set("b", "kv_cache_tokens", 98001);
  EXPECT_EQ(standing("kv_cache_tokens"), "equal");
  set("b", "kv_cache_tokens", 97999);
  EXPECT_EQ(standing("kv_cache_tokens"), "different");
}

TEST_F(Fairness, SamplingDefaultsDecideOnlyWhereSomethingIsSampled) {
  set("a", "model_sampling", true);
  set("b", "model_sampling", false);
  EXPECT_EQ(standing("model_sampling"), "remark");
  result_.study["workloads"][0]["temperature"] = 0.7;
  EXPECT_EQ(standing("model_sampling"), "different");
}

TEST_F(Fairness, OtherPromptTokensAreUnequal) {
  answer("b", 1, "prompt_tokens", 8);
  EXPECT_EQ(standing("prompt_tokens"), "different");
}

/// Two computations of one model part after some words, so one probe of two may begin otherwise.
TEST_F(Fairness, AnswersMustBeginAlikeInHalfOfTheProbes) {
  answer("b", 0, "text", "**Paris** is");
  EXPECT_EQ(standing("answers"), "equal");
  answer("b", 0, "text", "xqz");
  EXPECT_EQ(standing("answers"), "equal");
  answer("b", 1, "text", "zzz");
  EXPECT_EQ(standing("answers"), "different");
  EXPECT_EQ(arm()["verdict"], "unequal");
}

TEST_F(Fairness, SimulatedAnswersAreNotJudged) {
  answer("b", 0, "text", "x");
  answer("b", 1, "text", "y");
  answer("b", 1, "prompt_tokens", 8);
  result_.manifest["engines"]["b"]["simulated"] = true;
  answer_after("r1-b", {"z", "z"});
  EXPECT_EQ(standing("answers"), "unknown");
  EXPECT_EQ(standing("answers_after_load"), "unknown");
  EXPECT_EQ(standing("prompt_tokens"), "unknown");
}

TEST_F(Fairness, AnEngineThatAnswersOtherwiseAfterTheLoadIsFound) {
  answer_after("r1-b", {"!!!!", "!!!!"});
  EXPECT_EQ(standing("answers"), "equal");
  EXPECT_EQ(standing("answers_after_load"), "different");
  EXPECT_EQ(after_load("a"), "2 of 2 begin as before the load");
  EXPECT_EQ(after_load("b"), "0 of 2 begin as before the load (r1-b)");
  EXPECT_THAT(unequal_arms(judge_fairness(result_)), ElementsAre("answers_after_load"));
}

/// Batches of other sizes may turn one answer; the beginnings of most of them they do not.
TEST_F(Fairness, AnAnswerThatPartsAfterTheLoadIsNoChange) {
  answer_after("r1-b", {"Paris is large", "two"});
  EXPECT_EQ(standing("answers_after_load"), "equal");
  EXPECT_EQ(after_load("b"), "1 of 2 begin as before the load, 1 of 2 as a's (r1-b)");
  EXPECT_EQ(arm()["verdict"], "equal");
}

TEST_F(Fairness, TheSameDamageToEveryEngineIsNotEqual) {
  answer_after("r1-a", {"zzz", "zzz"});
  answer_after("r1-b", {"zzz", "zzz"});
  EXPECT_EQ(standing("answers_after_load"), "different");
}

/// The answers before the second load are the damaged engine's, and would be called the same.
TEST_F(Fairness, DamageIsFoundWhicheverTrialDidIt) {
  for (const char* engine : {"a", "b"}) add_trial(engine, "r2");
  EXPECT_EQ(standing("answers_after_load"), "equal");
  answer_after("r1-a", {"zzz", "zzz"});
  EXPECT_EQ(after_load("a"), "0 of 2 begin as before the load (r1-a)");
  EXPECT_EQ(after_load("b"), "2 of 2 begin as before the load") << "not held against damage";
  EXPECT_EQ(standing("answers_after_load"), "different");
  answer_after("r1-a", {"Paris", "one"});
  EXPECT_EQ(standing("answers_after_load"), "equal");
  answer_after("r2-a", {"zzz", "zzz"});
  greedy("r2-a")["before"] = greedy("r2-a")["after"];
  EXPECT_EQ(after_load("a"), "0 of 2 begin as before the load (r2-a)");
  EXPECT_EQ(standing("answers"), "equal") << "they are those before the first load";
}

/// Half of each engine's answers are its own still, and not the same half.
TEST_F(Fairness, EnginesThatPartFromEachOtherAfterTheLoadAreFound) {
  answer_after("r1-a", {"Paris", "yyy"});
  answer_after("r1-b", {"xxx", "one"});
  EXPECT_EQ(standing("answers_after_load"), "different");
  EXPECT_EQ(after_load("b"), "1 of 2 begin as before the load, 0 of 2 as a's (r1-b)");
}

TEST_F(Fairness, AnswersThatAreMissingAfterTheLoadAreNotKnown) {
  answer_after("r1-b", {});
  EXPECT_EQ(standing("answers_after_load"), "unknown");
  EXPECT_EQ(after_load("b"), "");
  EXPECT_EQ(arm()["verdict"], "not_shown");
  greedy("r1-b")["after"] = json::array({{{"text", "Paris"}}, {{"error", "no answer in 20 s"}}});
  EXPECT_EQ(standing("answers_after_load"), "unknown") << "one good answer of two";
  greedy("r1-b")["after"] = json::array({{{"text", nullptr}}, {{"text", nullptr}}});
  EXPECT_EQ(standing("answers_after_load"), "unknown");
  answer_after("r1-a", {});
  EXPECT_EQ(standing("answers_after_load"), "unknown") << "a row, though nobody tells";
}

TEST_F(Fairness, AMissingAnswerHidesNoChange) {
  for (const char* id : {"r1-a", "r1-b"}) {
    for (const char* when : {"before", "after"}) {
      greedy(id)[when].push_back({{"text", "print('Hello')"}});
      greedy(id)[when].push_back({{"text", "42"}});
    }
  }
  EXPECT_EQ(standing("answers_after_load"), "equal");
  answer_after("r1-b", {"!!", "", "!!"});
  EXPECT_EQ(after_load("b"), "0 of 4 begin as before the load (r1-b)");
  EXPECT_EQ(standing("answers_after_load"), "different");
  add_trial("b", "r2");
  greedy("r2-b")["after"] = json::array();
  EXPECT_EQ(standing("answers_after_load"), "different") << "the second trial's are missing";
}

TEST_F(Fairness, WithoutAnswersBeforeTheLoadNothingIsKnownOfThoseAfter) {
  greedy("r1-b")["before"] = json::array({{{"error", "HTTP 500"}}});
  EXPECT_EQ(standing("answers"), "unknown");
  EXPECT_EQ(standing("answers_after_load"), "unknown");
}

TEST_F(Fairness, AChangeAfterTheLoadIsNoMatterOfShippedDefaults) {
  result_.study["arms"] = json::array({{{"name", "s"}, {"defaults", "shipped"}}});
  for (json& engine : result_.study["engines"]) engine["arms"] = {"s"};
  answer_after("r1-b", {"zzz", "zzz"});
  EXPECT_THAT(unequal_arms(judge_fairness(result_)), ElementsAre("s: answers_after_load"));
}

TEST_F(Fairness, AnArmOfShippedDefaultsExcusesSettingsAndNotTheModel) {
  result_.study["arms"] = json::array({{{"name", "s"}, {"defaults", "shipped"}}});
  for (json& engine : result_.study["engines"]) engine["arms"] = {"s"};
  set("a", "prefix_cache", true);
  set("b", "prefix_cache", false);
  EXPECT_EQ(standing("prefix_cache"), "as_shipped");
  EXPECT_EQ(arm()["verdict"], "equal");
  set("a", "weights", "1");
  set("b", "weights", "2");
  EXPECT_THAT(unequal_arms(judge_fairness(result_)), ElementsAre("s: weights"));
}

TEST_F(Fairness, ArmsAreComparedApart) {
  result_.study["arms"] = json::array({{{"name", "x"}}, {{"name", "y"}}});
  result_.study["engines"][0]["arms"] = {"x"};
  result_.study["engines"][1]["arms"] = {"y"};
  set("b", "dtype", "f16");
  EXPECT_EQ(judge_fairness(result_), json::object());
}

}  // namespace
}  // namespace tokamark::analysis
