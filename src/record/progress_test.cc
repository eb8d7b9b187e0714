#include "record/progress.h"

#include <gtest/gtest.h>

namespace tokamark::record {
namespace {

Progress busy() {
  Progress p;
  p.simulated = true;
  p.process = {12, 34, "boot", "pid:[5]"};
  p.started_utc = "2026-11-24T06:54:45Z";
  p.updated_utc = "2026-11-24T06:55:45Z";
  p.elapsed_s = 60.5;
  p.step = Step::measuring;
  p.step_elapsed_s = 2.5;
  p.engine = "a";
  p.trials_done = 3;
  p.trials_total = 8;
  p.total_is = TotalKind::at_most;
  p.left_least_s = 30.0;
  RunningTrial trial;
  trial.id = "r1-a-chat-c8";
  trial.engine = "a";
  trial.workload = "chat";
  trial.load.concurrency = 8;
  trial.number = 4;
  trial.elapsed_s = 12.25;
  trial.least_s = 35.0;
  trial.live = LiveNumbers{8, 120, 1, 4096, 512.5, 20.0, std::nullopt};
  p.trial = trial;
  p.messages = {"a: a warning"};
  return p;
}

TEST(Progress, ComesBackAsItWasWritten) {
  const nlohmann::json written = to_json(busy());
  const auto read = progress_from_json(nlohmann::json::parse(written.dump()));
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(to_json(read.value()), written);
  EXPECT_EQ(read.value().trial->live->in_flight, 8);
  EXPECT_FALSE(read.value().trial->live->ttft_p99_ms.has_value());
  EXPECT_EQ(read.value().trial->load.label(), "c=8");
  EXPECT_FALSE(read.value().exit_code.has_value());

  Progress ended = busy();
  ended.step = Step::ended;
  ended.trial.reset();
  ended.exit_code = 5;
  ended.message = "1 of 8 trials are not valid";
  EXPECT_EQ(progress_from_json(to_json(ended)).value().exit_code, 5);
}

TEST(Progress, TextThatIsNotUtf8CanBeWritten) {
  Progress p = busy();
  p.engine_log_line = "cut \xE2\x82";
  EXPECT_FALSE(to_json(p).dump().empty());
}

TEST(Progress, NamesTheFieldThatIsWrong) {
  nlohmann::json wrong = to_json(busy());
  wrong["trial"]["live"]["in_flight"] = "many";
  const auto read = progress_from_json(wrong);
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().kind, base::ErrorKind::study);
  EXPECT_NE(read.error().message.find("progress.trial.live.in_flight"), std::string::npos);
}

TEST(Progress, RefusesAnotherVersionAndWhatIsNoProgress) {
  nlohmann::json newer = to_json(busy());
  newer["schema"] = 2;
  EXPECT_NE(progress_from_json(newer).error().message.find("schema is 2"), std::string::npos);
  EXPECT_FALSE(progress_from_json(nlohmann::json::array()).has_value());
  EXPECT_FALSE(progress_from_json(nullptr).has_value());
}

}  // namespace
}  // namespace tokamark::record
