#include "sim/step_loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/unit_profile.h"

namespace tokamark::sim {
namespace {

using std::chrono::microseconds;
using testing::ElementsAre;
using testing::IsEmpty;

base::TimePoint at(microseconds since_start) {
  return base::TimePoint{std::chrono::seconds{100} + since_start};
}

TEST(StepLoop, IdleLoopHasNothingDue) {
  StepLoop loop(unit_profile(), 1.0);
  EXPECT_FALSE(loop.next_due().has_value());
  EXPECT_THAT(loop.advance(at(microseconds{5})).emissions, IsEmpty());
}

TEST(StepLoop, TokensAppearAtTheEndOfTheirSteps) {
  StepLoop loop(unit_profile(), 1.0);
  loop.arrive({1, 10, 2, 0}, at(microseconds{0}));
  EXPECT_EQ(loop.next_due(), at(microseconds{0}));
  EXPECT_THAT(loop.advance(at(microseconds{0})).admitted, ElementsAre(1U));
  EXPECT_EQ(loop.next_due(), at(microseconds{1010}));
  EXPECT_THAT(loop.advance(at(microseconds{1009})).emissions, IsEmpty());
  EXPECT_EQ(loop.advance(at(microseconds{1010})).emissions.size(), 1U);
  EXPECT_EQ(loop.next_due(), at(microseconds{2011}));
  const Turn last = loop.advance(at(microseconds{2011}));
  ASSERT_EQ(last.emissions.size(), 1U);
  EXPECT_TRUE(last.emissions[0].last);
  EXPECT_FALSE(loop.next_due().has_value());
}

TEST(StepLoop, SmallLatenessOfTheCallerDoesNotAddUp) {
  StepLoop loop(unit_profile(), 1.0);
  loop.arrive({1, 10, 9, 0}, at(microseconds{0}));
  loop.advance(at(microseconds{0}));
  loop.advance(at(microseconds{1400}));  // 390 us late
  EXPECT_EQ(loop.next_due(), at(microseconds{2011}));
}

TEST(StepLoop, GreatLatenessRestartsTheStepsInsteadOfBunchingThem) {
  StepLoop loop(unit_profile(), 1.0);
  loop.arrive({1, 10, 9, 0}, at(microseconds{0}));
  loop.advance(at(microseconds{0}));
  loop.advance(at(microseconds{5000}));
  EXPECT_EQ(loop.next_due(), at(microseconds{6001}));
}

TEST(StepLoop, ApiServerHandlesOneRequestAfterAnother) {
  Profile profile = unit_profile();
  profile.engine.request_overhead = microseconds{300};
  StepLoop loop(profile, 1.0);
  loop.arrive({1, 1, 1, 0}, at(microseconds{0}));
  loop.arrive({2, 1, 1, 0}, at(microseconds{0}));
  EXPECT_EQ(loop.counters().waiting, 2);
  EXPECT_EQ(loop.next_due(), at(microseconds{300}));
  EXPECT_THAT(loop.advance(at(microseconds{300})).admitted, ElementsAre(1U));
  EXPECT_EQ(loop.next_due(), at(microseconds{600}));
  EXPECT_THAT(loop.advance(at(microseconds{600})).admitted, ElementsAre(2U));
  EXPECT_EQ(loop.next_due(), at(microseconds{1301}));  // the first one's step, from 300
}

TEST(StepLoop, RequestThatArrivesDuringAStepEntersAtTheNext) {
  StepLoop loop(unit_profile(), 1.0);
  loop.arrive({1, 10, 9, 0}, at(microseconds{0}));
  EXPECT_THAT(loop.advance(at(microseconds{0})).waits, ElementsAre(microseconds{0}));
  loop.arrive({2, 4, 9, 0}, at(microseconds{500}));
  EXPECT_THAT(loop.advance(at(microseconds{500})).waits, IsEmpty());
  EXPECT_EQ(loop.counters().waiting, 1);
  EXPECT_THAT(loop.advance(at(microseconds{1010})).waits, ElementsAre(microseconds{510}));
  EXPECT_EQ(loop.next_due(), at(microseconds{1010 + 1005}));  // one decode and four prompt tokens
  EXPECT_EQ(loop.counters().running, 2);
}

TEST(StepLoop, SpeedDividesEveryDuration) {
  Profile profile = unit_profile();
  profile.engine.request_overhead = microseconds{300};
  StepLoop loop(profile, 10.0);
  loop.arrive({1, 10, 1, 0}, at(microseconds{0}));
  EXPECT_EQ(loop.next_due(), at(microseconds{30}));
  loop.advance(at(microseconds{30}));
  EXPECT_EQ(loop.next_due(), at(microseconds{30 + 101}));
}

TEST(StepLoop, AbortedRequestLeavesTheIntakeAndTheEngine) {
  StepLoop loop(unit_profile(), 1.0);
  loop.arrive({1, 10, 5, 0}, at(microseconds{0}));
  loop.abort(1);
  EXPECT_FALSE(loop.next_due().has_value());
  loop.arrive({2, 10, 5, 0}, at(microseconds{0}));
  loop.advance(at(microseconds{0}));
  loop.abort(2);
  EXPECT_THAT(loop.advance(at(microseconds{1010})).emissions, IsEmpty());
  EXPECT_FALSE(loop.next_due().has_value());
  EXPECT_EQ(loop.counters().kv_tokens_held, 0);
}

TEST(StepLoop, CountersAddUpPromptAndGeneratedTokens) {
  StepLoop loop(unit_profile(), 1.0);
  loop.arrive({1, 10, 2, 4}, at(microseconds{0}));
  while (const auto due = loop.next_due()) loop.advance(*due);
  const EngineCounters counters = loop.counters();
  EXPECT_EQ(counters.prompt_tokens, 10);
  EXPECT_EQ(counters.cached_tokens, 4);
  EXPECT_EQ(counters.generation_tokens, 2);
  EXPECT_EQ(counters.finished_requests, 1);
  EXPECT_EQ(counters.steps, 2);
  EXPECT_EQ(counters.busy, microseconds{1006 + 1001});
}

}  // namespace
}  // namespace tokamark::sim
