#include "report/outcome.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/sample_for_tests.h"

namespace tokamark::report {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Outcome, NamesEachFailedCheck) {
  const auto result = sample_study();
  const auto outcome = outcome_of(result, make_rows(result));
  EXPECT_FALSE(outcome.valid);
  EXPECT_THAT(outcome.failed, ElementsAre("errors: 1 trial"));
  EXPECT_THAT(outcome.best, ElementsAre("The study states no SLO, so no engine is best at one."));
  EXPECT_THAT(outcome.leads.front(), HasSubstr("no winner is declared"));
}

TEST(Outcome, WithoutAnSloTheLeadIsThatOfThePrimaryMetrics) {
  const auto result = compared_study();
  const auto outcome = outcome_of(result, make_rows(result));
  EXPECT_TRUE(outcome.valid);
  EXPECT_THAT(outcome.failed, IsEmpty());
  EXPECT_THAT(outcome.leads.front(), HasSubstr("TTFT p50 of a is 20 % lower"));
}

TEST(Outcome, AStudyWithMissingTrialsIsNotCalledValid) {
  auto result = compared_study();
  result.manifest["trials_missing"] = {"r1-c-chat-c8", "r2-c-chat-c8", "r3-c-chat-c8",
                                       "r4-c-chat-c8"};
  const auto outcome = outcome_of(result, make_rows(result));
  EXPECT_FALSE(outcome.valid);
  EXPECT_STREQ(outcome.heading, "Not all measured");
  EXPECT_EQ(outcome.validity,
            "All 18 trials are valid. Of 22 trials planned, 4 are not there: r1-c-chat-c8, "
            "r2-c-chat-c8, r3-c-chat-c8 and 1 more.");
  result.manifest["engine_failures"] = {"engine \"c\": exited with 1\nafter 2 s."};
  EXPECT_THAT(outcome_of(result, make_rows(result)).validity,
              testing::EndsWith("and 1 more. engine \"c\": exited with 1 after 2 s."));
  result.manifest["engine_failures"] = {"a", "b", "c", "d"};
  EXPECT_THAT(outcome_of(result, make_rows(result)).validity,
              testing::EndsWith(" a. b. c. 4 engines failed in all."));
}

TEST(Outcome, AStudyWithoutTrialsIsNotValid) { EXPECT_FALSE(outcome_of({}, {}).valid); }

}  // namespace
}  // namespace tokamark::report
