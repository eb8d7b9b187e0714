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
      result_.manifest["engines"][name]["greedy"]["before"] =
          json::array({{{"text", "Paris."}, {"prompt_tokens", 9}},
                       {{"text", " one two"}, {"prompt_tokens", 7}}});
    }
  }
  void set(const char* engine, const char* setting, const json& value) {
    result_.manifest["engines"][engine]["settings"][setting] = {{"value", value},
                                                                {"source", "log"}};
  }
  void answer(const char* engine, std::size_t index, const char* field, const json& value) {
    result_.manifest["engines"][engine]["greedy"]["before"][index][field] = value;
  }
  json arm() { return judge_fairness(result_)["arms"][0]; }
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
  EXPECT_EQ(standing("answers"), "unknown");
  EXPECT_EQ(standing("prompt_tokens"), "unknown");
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
