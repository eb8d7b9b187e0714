#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/verdict.h"

namespace tokamark::analysis {
namespace {

using record::TrialResult;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> names(const TrialResult& trial) {
  std::vector<std::string> names;
  for (const auto& code : trial.codes) names.push_back(code.code);
  return names;
}

/// The codes of a trial without requests, less the one that says so.
std::vector<std::string> machine_codes(const TrialFacts& facts) {
  auto all = names(analyse(facts, {}));
  std::erase(all, "too_few_requests");
  return all;
}

TEST(JudgeMachine, FindsAHardwareThatSlowsItsClocks) {
  TrialFacts facts;
  facts.resources.gpu_slowdown_share = 0.01;
  EXPECT_THAT(machine_codes(facts), IsEmpty());
  facts.resources.gpu_slowdown_share = 0.011;
  EXPECT_THAT(machine_codes(facts), ElementsAre("clock_confounded"));
  facts.validity.gpu_slowdown_share = 0.02;
  EXPECT_THAT(machine_codes(facts), IsEmpty());
}

TEST(JudgeMachine, FindsAnotherProcessOnAGpu) {
  TrialFacts facts;
  facts.resources.gpu_other_processes = 0;
  EXPECT_THAT(machine_codes(facts), IsEmpty());
  facts.resources.gpu_other_processes = 1;
  EXPECT_THAT(machine_codes(facts), ElementsAre("dirty_machine"));
}

TEST(JudgeMachine, TellsOfAMachineThatDidNotCool) {
  TrialFacts facts;
  facts.dirty_machine = "a GPU was at 70 °C";
  EXPECT_THAT(machine_codes(facts), ElementsAre("dirty_machine"));
  const TrialFacts back = facts_from_json(to_json(facts)).value();
  EXPECT_EQ(back.dirty_machine, facts.dirty_machine);
}

TrialResult trial_of(const char* engine, double clock_mhz, std::uint32_t repeat = 1) {
  TrialResult trial;
  trial.engine = engine;
  trial.workload = "chat";
  trial.load.concurrency = 4;
  trial.repeat = repeat;
  trial.verdict = record::Verdict::valid;
  if (clock_mhz > 0) trial.resources.gpu_sm_clock_mean_mhz = clock_mhz;
  return trial;
}

TEST(JudgeClocks, EnginesOfOneRepeatMustHaveHadTheSameClocks) {
  // 1 % of 1980 is 19.8.
  std::vector<TrialResult> trials{trial_of("a", 1980), trial_of("b", 1960.2),
                                  trial_of("a", 1980, 2), trial_of("b", 1960.1, 2),
                                  trial_of("c", 0, 2)};
  judge_clocks(trials, {});
  EXPECT_THAT(names(trials[0]), IsEmpty());
  EXPECT_THAT(names(trials[1]), IsEmpty());
  EXPECT_THAT(names(trials[2]), ElementsAre("clock_confounded"));
  EXPECT_THAT(names(trials[3]), ElementsAre("clock_confounded"));
  EXPECT_EQ(trials[3].verdict, record::Verdict::invalid);
  EXPECT_THAT(trials[3].codes[0].evidence, HasSubstr("1960 MHz (b) and 1980 MHz (a)"));
  EXPECT_THAT(names(trials[4]), IsEmpty());  // its clocks are not known
}

TEST(JudgeClocks, LeavesTrialsAloneThatEndedEarlyOrAreOfAnotherLoad) {
  std::vector<TrialResult> trials{trial_of("a", 1980), trial_of("b", 1000), trial_of("b", 1000)};
  trials[1].verdict = record::Verdict::incomplete;
  trials[2].load.concurrency = 8;
  judge_clocks(trials, {});
  for (const TrialResult& trial : trials) EXPECT_THAT(names(trial), IsEmpty());
}

TEST(JudgeClocks, TakesItsLimitFromTheStudyAndSaysACodeOnce) {
  std::vector<TrialResult> trials{trial_of("a", 1980), trial_of("b", 1900)};
  Thresholds wide;
  wide.sm_clock_share = 0.05;
  judge_clocks(trials, wide);
  EXPECT_THAT(names(trials[0]), IsEmpty());
  trials[0].codes.push_back({"clock_confounded", "its own", ""});
  judge_clocks(trials, {});
  EXPECT_THAT(names(trials[0]), ElementsAre("clock_confounded"));
  EXPECT_THAT(names(trials[1]), ElementsAre("clock_confounded"));
}

}  // namespace
}  // namespace tokamark::analysis
