#include "report/verdicts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/sample_for_tests.h"

namespace tokamark::report {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(VerdictSentences, SayWhatWasDecidedWithItsInterval) {
  EXPECT_THAT(
      verdict_sentences(compared_study()),
      ElementsAre("chat at c=8: TTFT p50 of a is 20 % lower than that of b (95 % interval 15 % to "
                  "25 %, 9 blocks)",
                  "chat at c=8: TPOT p50 of a and b is equivalent within 2 % (9 blocks)",
                  "chat at c=8: output tokens/s of a and b is not resolved at +-4.5 % (9 blocks)"));
}

TEST(Caveats, AreSaidOfThePairOrOfTheComparisonThatHasThem) {
  auto result = compared_study();
  for (auto& entry : result.comparisons) entry["caveats"] = {"a was attached"};
  result.comparisons[0]["caveats"].push_back("rests on block 2");
  result.manifest["not_compared"] = {"old and new cannot be compared: no engine in common"};
  const auto caveats = caveat_sentences(result, Metrics::primary);
  ASSERT_THAT(caveats,
              ElementsAre("a / b: a was attached", "a / b, TTFT p50 at c=8: rests on block 2",
                          "old and new cannot be compared: no engine in common"));
  EXPECT_THAT(comparison_table(result, Metrics::primary).notes, testing::Contains(caveats[1]));
  EXPECT_THAT(verdict_sentences(result), testing::Contains(caveats[0]));
  result.comparisons = nlohmann::json::array();
  EXPECT_THAT(verdict_sentences(result), ElementsAre(caveats[2]));
}

TEST(VerdictSentences, JoinLoadsWithTheSameVerdict) {
  auto result = compared_study();
  auto more = result.comparisons[0];
  more["load"]["concurrency"] = 16;
  more["ratio"] = 0.7;
  more["low"] = 0.65;
  auto wider = result.comparisons[2];
  wider["load"]["concurrency"] = 16;
  wider["resolution"] = 0.08;
  wider["reason"] = "not resolved at +-8.0 %";
  result.comparisons = {result.comparisons[0], more, result.comparisons[2], wider};
  EXPECT_THAT(
      verdict_sentences(result),
      ElementsAre("chat at c=8 and c=16: TTFT p50 of a is 20 % to 30 % lower than that of b (95 % "
                  "intervals within 15 % to 35 %, 9 blocks)",
                  "chat at c=8 and c=16: output tokens/s of a and b is not resolved at +-4.5 % to "
                  "8.0 % (9 blocks)"));
}

TEST(VerdictSentences, KeepOppositeVerdictsApart) {
  auto result = compared_study();
  auto other = result.comparisons[0];
  other["load"]["concurrency"] = 16;
  other["ratio"] = 1.25;
  other["low"] = 1.2;
  other["high"] = 1.3;
  other["better"] = "b";
  result.comparisons = {result.comparisons[0], other};
  EXPECT_EQ(verdict_sentences(result).size(), 2U);
}

TEST(VerdictSentences, NameTheReasonThatIsNotTheWidth) {
  auto result = compared_study();
  result.comparisons = {result.comparisons[2]};
  result.comparisons[0]["reason"] = "unequal work: a gave 10 tokens, b 12";
  EXPECT_THAT(
      verdict_sentences(result),
      ElementsAre("chat at c=8: output tokens/s of a and b is not resolved: unequal work: a "
                  "gave 10 tokens, b 12"));
}

TEST(VerdictSentences, NameAReasonOnceForAllMetricsOfAPairAtALoad) {
  auto result = compared_study();
  for (auto& entry : result.comparisons) {
    entry["verdict"] = "not_resolved";
    entry["better"] = nullptr;
    entry["reason"] = "r1-b is invalid: errors";
  }
  auto elsewhere = result.comparisons[0];
  elsewhere["load"]["concurrency"] = 16;
  result.comparisons.push_back(elsewhere);
  EXPECT_THAT(verdict_sentences(result),
              ElementsAre("chat at c=8: TTFT p50, TPOT p50 and output tokens/s of a and b are not "
                          "resolved: r1-b is invalid: errors",
                          "chat at c=16: TTFT p50 of a and b is not resolved: r1-b is invalid: "
                          "errors"));
}

TEST(VerdictSentences, AreNoneWithoutTheBlocksForAVerdict) {
  auto result = compared_study();
  for (auto& entry : result.comparisons) entry["R"] = 5;
  EXPECT_THAT(verdict_sentences(result), IsEmpty());
}

TEST(ComparisonTable, MarksWhatIsNotResolved) {
  const auto table = comparison_table(compared_study(), Metrics::primary);
  ASSERT_EQ(table.rows.size(), 3U);
  EXPECT_EQ(table.rows[0].cells[7].text, "a ahead");
  EXPECT_EQ(table.rows[0].cells[4].text, "0.800");
  EXPECT_EQ(table.rows[0].cells[5].text, "0.750 to 0.850");
  EXPECT_DOUBLE_EQ(table.rows[0].cells[4].interval->high, 0.85);
  EXPECT_EQ(table.rows[1].cells[7].text, "equivalent");
  EXPECT_EQ(table.rows[2].cells[7].text, "~");
  EXPECT_EQ(comparison_table(compared_study(), Metrics::others).rows.size(), 1U);
  EXPECT_THAT(comparison_table(sample_study(), Metrics::primary).rows, IsEmpty());
}

TEST(ComparisonTable, HasADashForWhatIsNotKnown) {
  auto result = compared_study();
  result.comparisons = {result.comparisons[2]};
  for (const char* key : {"ratio", "low", "high"}) result.comparisons[0][key] = nullptr;
  const auto table = comparison_table(result, Metrics::primary);
  EXPECT_EQ(table.rows[0].cells[4].text, "-");
  EXPECT_EQ(table.rows[0].cells[5].text, "-");
}

TEST(RecommendationTexts, AreReadFromTheResult) {
  auto result = compared_study();
  EXPECT_THAT(recommendation_texts(result),
              ElementsAre("For chat at c=8 take a where TTFT p50 counts."));
  result.recommendations = {1, {{"text", 2}}};
  EXPECT_THAT(recommendation_texts(result), IsEmpty());
}

}  // namespace
}  // namespace tokamark::report
