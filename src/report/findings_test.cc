#include "report/findings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/sample_for_tests.h"

namespace tokamark::report {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

record::StudyResult repeated(std::uint32_t repeats) {
  record::StudyResult result;
  for (std::uint32_t repeat = 1; repeat <= repeats; ++repeat) {
    result.trials.push_back(sample_trial("a", 8, repeat, 20));
    result.trials.push_back(sample_trial("b", 8, repeat, 25));
  }
  return result;
}

TEST(Support, OneRepetitionIsCalledNotResolved) {
  const auto result = repeated(1);
  const auto sentence = support_sentence(result, make_rows(result));
  EXPECT_THAT(sentence, HasSubstr("no winner is declared"));
  EXPECT_THAT(sentence, HasSubstr("not resolved"));
}

TEST(Support, FiveRepetitionsAreStillNotResolved) {
  const auto result = repeated(5);
  EXPECT_THAT(support_sentence(result, make_rows(result)),
              HasSubstr("5 repetitions are fewer than the 6"));
}

TEST(Support, SixRepetitionsWithoutComparisonsDeclareNoWinner) {
  const auto result = repeated(6);
  const auto sentence = support_sentence(result, make_rows(result));
  EXPECT_THAT(sentence, HasSubstr("hold no comparison of engines, so no winner is declared"));
  EXPECT_THAT(sentence, Not(HasSubstr("not resolved")));
}

TEST(Support, CountsTheVerdictsOfPrimaryComparisons) {
  auto result = repeated(9);
  result.comparisons = compared_study().comparisons;
  EXPECT_THAT(support_sentence(result, make_rows(result)),
              HasSubstr("Of 3 comparisons of engines by the primary metrics, 1 found different, 1 "
                        "equivalent, and 1 not resolved."));
}

TEST(Support, OneEngineHasNothingToCompare) {
  record::StudyResult result;
  result.trials = {sample_trial("a", 8, 1, 20)};
  EXPECT_THAT(support_sentence(result, make_rows(result)), HasSubstr("nothing to compare"));
}

TEST(Support, RunsOfOneStartAreNoRepetitions) {
  record::StudyResult result;
  for (const std::uint32_t run : {1U, 2U, 3U}) {
    result.trials.push_back(sample_trial("a", 8, 1, 20));
    result.trials.back().run = run;
    result.trials.push_back(sample_trial("b", 8, 1, 25));
    result.trials.back().run = run;
  }
  const auto rows = make_rows(result);
  EXPECT_THAT(support_sentence(result, rows), HasSubstr("One repetition"));
  EXPECT_EQ(repeats(rows), 1U);
  EXPECT_EQ(runs(rows), 3U);
  // Each run of b beside the same run of a: three pairs, not nine.
  EXPECT_THAT(order_text(observed_orders(result, rows[0])[1]),
              HasSubstr("behind in 3 of 3 pairs of runs"));
}

TEST(Orders, RankLowerLatencyAndHigherThroughputFirst) {
  auto result = repeated(1);
  result.trials[1].metrics.output_tokens_per_s = 1600;
  const auto orders = observed_orders(result, make_rows(result)[0]);
  ASSERT_EQ(orders.size(), 3u);
  EXPECT_EQ(order_text(orders[0]), "b 1600 tok/s; a 800 tok/s (0.50x)");
  EXPECT_EQ(order_text(orders[1]), "a 20.0 ms; b 25.0 ms (1.25x)");
}

TEST(Orders, LeaveOutEnginesWithoutAValidTrial) {
  const auto result = sample_study();
  for (const auto& order : observed_orders(result, make_rows(result)[0])) {
    EXPECT_EQ(order.load, "c=1");
  }
}

TEST(Orders, DoNotRankTheThroughputOfAnOpenLoad) {
  auto result = repeated(1);
  for (auto& trial : result.trials) {
    trial.load.kind = workload::LoadKind::open;
    trial.load.rate_per_s = 4;
  }
  for (const auto& order : observed_orders(result, make_rows(result)[0])) {
    EXPECT_NE(order.quantity, Quantity::output_tokens_per_s);
  }
}

TEST(Orders, CountThePairsThatAgree) {
  auto result = repeated(3);
  result.trials[1].metrics.ttft_ms.p50 = 15;  // b is ahead in the first repeat
  const auto orders = observed_orders(result, make_rows(result)[0]);
  EXPECT_EQ(order_text(orders[1]), "a 20.0 ms; b 25.0 ms (1.25x, behind in 2 of 3 pairs of runs)");
}

TEST(Orders, StandOnlyWhereNothingIsResolved) {
  const auto result = compared_study();
  const auto workload = make_rows(result)[0];
  EXPECT_EQ(observed_orders(result, workload).size(), 3U);
  const auto orders = unresolved_orders(result, workload);
  ASSERT_EQ(orders.size(), 1U);
  EXPECT_EQ(orders[0].quantity, Quantity::output_tokens_per_s);
}

TEST(Orders, KeepToAnArm) {
  auto result = repeated(1);
  result.trials.push_back(sample_trial("c", 8, 1, 10));
  result.trials.push_back(sample_trial("d", 8, 1, 15));
  const nlohmann::json arms{{{"name", "a"}, {"arms", {"shipped"}}},
                            {{"name", "b"}, {"arms", {"shipped"}}},
                            {{"name", "c"}, {"arms", {"equalised"}}},
                            {{"name", "d"}, {"arms", {"equalised"}}}};
  result.study["engines"] = arms;
  const auto orders = observed_orders(result, make_rows(result)[0]);
  ASSERT_EQ(orders.size(), 6U);
  EXPECT_EQ(order_text(orders[1]), "a 20.0 ms; b 25.0 ms (1.25x)");
  EXPECT_EQ(order_text(orders[4]), "c 10.0 ms; d 15.0 ms (1.50x)");
  result.trials.erase(result.trials.begin() + 3);
  result.trials.erase(result.trials.begin() + 1);  // a and c, each alone in its arm
  EXPECT_EQ(support_sentence(result, make_rows(result)),
            "No two engines of an arm have a valid trial of the same work: there is nothing to "
            "compare.");
  result = repeated(1);
  result.trials.push_back(sample_trial("c", 8, 1, 10));
  result.trials.push_back(sample_trial("d", 8, 1, 15));
  result.study["engines"] = arms;
  // What is resolved in one arm leaves the other's order as it was.
  result.comparisons = compared_study().comparisons;
  const auto left = unresolved_orders(result, make_rows(result)[0]);
  EXPECT_TRUE(std::any_of(left.begin(), left.end(), [](const Order& order) {
    return order.quantity == Quantity::ttft_p50 && order.standings[0].engine == "c";
  }));
}

TEST(OrderSentences, CallEqualMediansLevel) {
  const auto result = repeated(1);
  EXPECT_THAT(order_sentences(observed_orders(result, make_rows(result)[0])),
              testing::Contains("TPOT p50 at c=8: a, level with b (1.00x)"));
}

TEST(OrderSentences, JoinLoadsWhereTheOrderIsTheSame) {
  record::StudyResult result;
  result.trials = {sample_trial("a", 1, 1, 20), sample_trial("b", 1, 1, 25),
                   sample_trial("a", 8, 1, 40), sample_trial("b", 8, 1, 60)};
  const auto sentences = order_sentences(observed_orders(result, make_rows(result)[0]));
  EXPECT_THAT(sentences, testing::Contains("TTFT p50 at c=1, c=8: a, then b (1.25x to 1.50x)"));
}

TEST(VerdictSentence, CountsWhatIsNotValid) {
  EXPECT_EQ(verdict_sentence(repeated(2)), "All 4 trials are valid.");
  EXPECT_THAT(verdict_sentence(sample_study()),
              HasSubstr("Of 4 trials, 3 valid, 1 invalid and 0 incomplete."));
  EXPECT_EQ(verdict_sentence({}), "No trial was recorded.");
}

TEST(VerdictSentence, SaysThatLimitsAreNotTheUsualOnes) {
  auto result = repeated(2);
  result.manifest["validity_changed"] = {{"error_share", {{"value", 0.2}, {"default", 0.01}}}};
  EXPECT_EQ(verdict_sentence(result),
            "All 4 trials are valid. The study changed the limits of a valid trial: error_share "
            "0.2 instead of 0.01.");
}

TEST(SimulatedSentence, NamesTheSimulatedEnginesOfAMixedStudy) {
  auto result = sample_study();
  EXPECT_THAT(simulated_sentence(result), HasSubstr("these numbers come from"));
  for (auto& trial : result.trials) {
    trial.engine_info["simulated"] = trial.engine == "b";
  }
  EXPECT_THAT(simulated_sentence(result), HasSubstr("the numbers of b come from"));
  result.simulated = false;
  EXPECT_EQ(simulated_sentence(result), "");
}

TEST(CodeNotes, TellAWarningFromAVerdict) {
  auto result = sample_study();
  result.trials[0].codes = {{"clocks_unlocked", "1980 MHz", "Lock the clocks."}};
  const auto notes = code_notes(result);
  ASSERT_EQ(notes.size(), 2u);
  EXPECT_FALSE(notes[0].decisive);
  EXPECT_TRUE(notes[1].decisive);
  EXPECT_THAT(notes[1].trials,
              ElementsAre("r1-b-chat-c8: 12 of 240 requests failed (5.0 %), limit 1 %"));
}

}  // namespace
}  // namespace tokamark::report
