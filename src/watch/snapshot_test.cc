#include "watch/snapshot.h"

#include <gtest/gtest.h>

namespace tokamark::watch {
namespace {

using base::Liveness;

Snapshot with_progress() {
  Snapshot s;
  s.study = "s";
  s.progress.emplace();
  s.planned = 3;
  return s;
}

TEST(Snapshot, ARunWhoseProcessLivesIsRunning) {
  Snapshot s = with_progress();
  settle(s, Liveness::alive);
  EXPECT_EQ(s.state, State::running);
  EXPECT_FALSE(s.exit_code.has_value());
  s.age_s = 600;
  settle(s, Liveness::alive);
  EXPECT_EQ(s.state, State::running) << "a long step writes nothing";
  EXPECT_EQ(s.message, "");
}

TEST(Snapshot, ARunWhoseProcessIsGoneWasInterrupted) {
  Snapshot s = with_progress();
  settle(s, Liveness::ended);
  EXPECT_EQ(s.state, State::interrupted);
  EXPECT_EQ(s.exit_code, 130);
  EXPECT_NE(s.message.find("--resume"), std::string::npos);
}

TEST(Snapshot, ARunOfAnotherMachineIsNotCalledDead) {
  Snapshot s = with_progress();
  settle(s, Liveness::unknown);
  EXPECT_EQ(s.message, "");
  s.age_s = 31;
  settle(s, Liveness::unknown);
  EXPECT_EQ(s.state, State::running);
  EXPECT_NE(s.message, "");
}

TEST(Snapshot, AnEndIsWhatTheRunSays) {
  const std::pair<int, State> ends[] = {{0, State::finished},      {5, State::finished},
                                        {130, State::interrupted}, {4, State::failed},
                                        {6, State::failed},        {1, State::failed}};
  for (const auto& [code, state] : ends) {
    Snapshot s = with_progress();
    s.progress->exit_code = code;
    s.progress->message = "why";
    settle(s, Liveness::ended);
    EXPECT_EQ(s.state, state) << code;
    EXPECT_EQ(s.exit_code, code);
    EXPECT_EQ(s.message, "why");
  }
}

TEST(Snapshot, WithoutProgressTheTrialsTell) {
  Snapshot s;
  s.planned = 3;
  s.valid = 3;
  settle(s, Liveness::unknown);
  EXPECT_EQ(s.state, State::finished);
  EXPECT_EQ(s.exit_code, 0);
  s.valid = 2;
  s.invalid = 1;
  settle(s, Liveness::unknown);
  EXPECT_EQ(s.exit_code, 5);
  s.invalid = 0;
  settle(s, Liveness::unknown);
  EXPECT_EQ(s.state, State::interrupted);
  EXPECT_EQ(s.exit_code, 130);
}

TEST(Snapshot, ComesBackAsItWasSent) {
  Snapshot s = with_progress();
  s.model = "m";
  s.hardware = "h";
  s.simulated = true;
  s.valid = 1;
  s.age_s = 4;
  settle(s, Liveness::ended);
  const auto json = to_json(s);
  const auto back = snapshot_from_json(nlohmann::json::parse(json.dump()));
  ASSERT_TRUE(back.has_value()) << back.error().message;
  EXPECT_EQ(to_json(back.value()), json);
}

TEST(FinishedTrial, IsCutToABoundedLengthAndComesBack) {
  record::TrialResult trial;
  trial.id = "r1-a-chat-c8";
  trial.engine = std::string(10'000, 'e');
  trial.workload = "cut \xE2\x82";
  trial.verdict = record::Verdict::invalid;
  for (int i = 0; i < 100; ++i) trial.codes.push_back({"errors", std::string(10'000, 'x'), "a"});
  trial.metrics.ttft_ms.p50 = 20.5;
  const auto json = to_json(finished_trial(trial));
  EXPECT_LT(json.dump().size(), 16'000U);
  const auto back = finished_trial_from_json(json);
  ASSERT_TRUE(back.has_value()) << back.error().message;
  EXPECT_EQ(to_json(back.value()), json);
  EXPECT_EQ(back.value().ttft_p50_ms, 20.5);
  EXPECT_FALSE(back.value().ttft_p99_ms.has_value());
}

TEST(FinishedTrial, OtherJsonIsANetworkError) {
  for (const char* text : {"null", "[]", "{}", R"({"id": 1})", R"({"id": "a", "codes": 3})"}) {
    const auto json = nlohmann::json::parse(text);
    EXPECT_EQ(finished_trial_from_json(json).error().kind, base::ErrorKind::network) << text;
    EXPECT_EQ(snapshot_from_json(json).error().kind, base::ErrorKind::network) << text;
  }
}

}  // namespace
}  // namespace tokamark::watch
