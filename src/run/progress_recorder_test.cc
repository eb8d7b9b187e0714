#include "run/progress_recorder.h"

#include <gtest/gtest.h>

namespace tokamark::run {
namespace {

using record::Progress;
using record::Step;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// Counts what is passed on.
class Counting final : public Observer {
 public:
  void on_engine_starting(const std::string&, double, const std::string&) override { ++calls; }
  void on_engine_ready(const std::string&, double) override { ++calls; }
  void on_trial_starting(const study::PlannedTrial&, std::size_t, std::size_t) override { ++calls; }
  void on_trial_running(const study::PlannedTrial&, const TrialProgress&,
                        const load::LiveStats&) override {
    ++calls;
  }
  void on_trial_finished(const record::TrialResult&, std::size_t, std::size_t) override { ++calls; }
  void on_message(const std::string&) override { ++calls; }
  int calls = 0;
};

class Recorder : public testing::Test {
 protected:
  Recorder() {
    study.engines.resize(1);
    study.engines[0].name = "a";
    study.workloads.resize(1);
    study.workloads[0].name = "chat";
    study.window.warmup_s = 5;
    study.window.seconds = 15;
    planned.id = "r1-a-chat-c8";
    planned.load.concurrency = 8;
  }

  ProgressRecorder make(record::TotalKind total_is = record::TotalKind::planned) {
    return ProgressRecorder(
        study, {4, total_is}, next, [this](const Progress& p) { written.push_back(p); },
        [this] { return now; });
  }
  void run_for(ProgressRecorder& recorder, milliseconds length) {
    for (milliseconds at{0}; at < length; at += milliseconds(100)) {
      now += milliseconds(100);
      elapsed_s += 0.1;
      live.tokens += 50;
      TrialProgress progress;
      progress.elapsed_s = elapsed_s;
      progress.expected_s = 20.0;
      progress.measuring = elapsed_s > 5.0;
      recorder.on_trial_running(planned, progress, live);
    }
  }

  static record::TrialResult finished() {
    record::TrialResult trial;
    trial.engine_info = nlohmann::json::object();
    return trial;
  }

  study::Study study;
  study::PlannedTrial planned;
  load::LiveStats live;
  Counting next;
  base::TimePoint now{};
  double elapsed_s = 0.0;
  std::vector<Progress> written;
};

TEST_F(Recorder, WritesARunningTrialOnceASecond) {
  auto recorder = make();
  recorder.on_trial_starting(planned, 1, 4);
  const std::size_t before = written.size();
  run_for(recorder, seconds(10));
  EXPECT_EQ(written.size() - before, 10U);
  EXPECT_EQ(next.calls, 101);
  const Progress& last = written.back();
  EXPECT_EQ(last.step, Step::measuring);
  ASSERT_TRUE(last.trial && last.trial->live);
  EXPECT_EQ(last.trial->engine, "a");
  EXPECT_EQ(last.trial->workload, "chat");
  EXPECT_EQ(last.trial->live->output_tokens, 5000);
  EXPECT_NEAR(last.trial->live->output_tokens_per_s.value(), 500.0, 1.0);
  EXPECT_NEAR(last.left_least_s.value(), 4 * 20.0 - 10.0, 0.01);
  EXPECT_FALSE(last.left_s.has_value()) << "no trial has shown the pace yet";
}

TEST_F(Recorder, AChangeOfStepIsWrittenAtOnce) {
  auto recorder = make();
  std::size_t count = written.size();
  EXPECT_EQ(written.back().step, Step::preparing);
  const auto expect = [&](Step step) {
    EXPECT_EQ(written.size(), ++count);
    EXPECT_EQ(written.back().step, step);
  };
  recorder.on_engine_starting("a", 0.0, "");
  expect(Step::starting_engine);
  recorder.on_engine_starting("a", 0.2, "loading");
  EXPECT_EQ(written.size(), count) << "within the same second";
  recorder.on_engine_ready("a", 3.0);
  expect(Step::preparing);
  recorder.on_trial_starting(planned, 1, 4);
  expect(Step::probing);
  recorder.on_trial_finished(finished(), 1, 4);
  expect(Step::preparing);
  EXPECT_EQ(written.back().trials_done, 1);
  recorder.summarising();
  expect(Step::summarising);
}

// Two trials took 30 s each with all that was around them, so two more take 60 s; 10 s of those
// have passed.
TEST_F(Recorder, TimeLeftFollowsThePaceOfFinishedTrials) {
  auto recorder = make();
  now += seconds(30);
  recorder.on_trial_finished(finished(), 1, 4);
  now += seconds(30);
  recorder.on_trial_finished(finished(), 2, 4);
  EXPECT_DOUBLE_EQ(written.back().left_s.value(), 60.0);
  now += seconds(10);
  recorder.on_trial_starting(planned, 3, 4);
  EXPECT_DOUBLE_EQ(written.back().left_s.value(), 50.0);
}

TEST_F(Recorder, ASearchDoesNotSayHowMuchIsLeft) {
  auto recorder = make(record::TotalKind::at_most);
  now += seconds(30);
  recorder.on_trial_finished(finished(), 1, 60);
  EXPECT_FALSE(written.back().left_s.has_value());
  EXPECT_FALSE(written.back().left_least_s.has_value());
}

TEST_F(Recorder, KeepsTheNewestMessagesAndTheEnd) {
  auto recorder = make();
  for (int i = 0; i < 30; ++i) recorder.on_message("message " + std::to_string(i));
  recorder.on_message(std::string(5000, 'x'));
  recorder.ended(base::Error{base::ErrorKind::measurement, "1 of 4 trials are not valid"});
  const Progress& last = written.back();
  ASSERT_EQ(last.messages.size(), 20U);
  EXPECT_EQ(last.messages.front(), "message 11");
  EXPECT_EQ(last.messages.back().size(), 500U);
  EXPECT_EQ(last.step, Step::ended);
  EXPECT_EQ(last.exit_code, 5);
  EXPECT_EQ(last.message, "1 of 4 trials are not valid");
}

TEST_F(Recorder, AnAttachedServerMayTurnOutToBeSimulated) {
  auto recorder = make();
  EXPECT_FALSE(written.back().simulated);
  auto trial = finished();
  trial.engine_info["simulated"] = true;
  recorder.on_trial_finished(trial, 1, 4);
  EXPECT_TRUE(written.back().simulated);
}

TEST_F(Recorder, AStudyWithoutErrorEndsWithZero) {
  auto recorder = make();
  recorder.ended(base::ok());
  EXPECT_EQ(written.back().exit_code, 0);
  EXPECT_TRUE(written.back().message.empty());
}

}  // namespace
}  // namespace tokamark::run
