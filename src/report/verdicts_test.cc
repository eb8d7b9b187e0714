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

TEST(ComparisonLines, MarkWhatIsNotResolved) {
  const auto lines = comparison_lines(compared_study(), Metrics::primary);
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0].verdict, "a ahead");
  EXPECT_EQ(lines[0].ratio, "0.800");
  EXPECT_EQ(lines[0].interval, "0.750 to 0.850");
  EXPECT_EQ(lines[1].verdict, "equivalent");
  EXPECT_EQ(lines[2].verdict, "~");
  EXPECT_EQ(comparison_lines(compared_study(), Metrics::others).size(), 1U);
}

TEST(ComparisonLines, HaveADashForWhatIsNotKnown) {
  auto result = compared_study();
  result.comparisons = {result.comparisons[2]};
  for (const char* key : {"ratio", "low", "high"}) result.comparisons[0][key] = nullptr;
  const auto lines = comparison_lines(result, Metrics::primary);
  EXPECT_EQ(lines[0].ratio, "-");
  EXPECT_EQ(lines[0].interval, "-");
}

TEST(ComparisonTable, FoldsOtherMetricsAwayInHtmlAndLeavesThemOutOfMarkdown) {
  EXPECT_THAT(comparisons_html(compared_study()), HasSubstr("not declared primary</summary>"));
  EXPECT_THAT(comparisons_html(compared_study()), HasSubstr("TTFT p99"));
  EXPECT_THAT(comparisons_markdown(compared_study()), Not(HasSubstr("TTFT p99")));
  EXPECT_EQ(comparisons_html(sample_study()), "");
  EXPECT_EQ(comparisons_markdown(sample_study()), "");
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
