#include "cli/screen.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <string>

namespace tokamark::cli {
namespace {

std::string contents(std::FILE* file) {
  std::rewind(file);
  std::string text;
  char block[4096];
  while (const std::size_t got = std::fread(block, 1, sizeof block, file)) text.append(block, got);
  return text;
}

record::TrialResult trial() {
  record::TrialResult t;
  t.id = "r1-a-chat-c8";
  t.verdict = record::Verdict::invalid;
  t.counts.succeeded = 7;
  t.counts.failed = 1;
  t.counts.timed_out = 2;
  t.metrics.output_tokens_per_s = 123.45;
  t.codes.push_back({"errors", "3 of 10 requests failed", "read the log"});
  return t;
}

TEST(Screen, WritesPlainLinesWhereThereIsNoTerminal) {
  std::FILE* file = std::tmpfile();
  {
    const auto screen = make_screen(file);
    screen->on_engine_starting("a", 0.0, "");
    screen->on_engine_ready("a", 2.04);
    screen->on_trial_finished(trial(), 1, 6);
  }
  EXPECT_EQ(contents(file),
            "engine a: starting\n"
            "engine a: ready after 2.0 s\n"
            "trial 1/6  r1-a-chat-c8  7 ok, 3 failed, 123.5 tok/s  invalid errors (3 of 10 "
            "requests failed)\n");
  std::fclose(file);
}

TEST(Screen, ShowsARunningTrialAtMostEveryTenSecondsInALog) {
  std::FILE* file = std::tmpfile();
  const auto screen = make_screen(file);
  study::PlannedTrial planned;
  planned.id = "r1-a-chat-c8";
  load::LiveStats live;
  live.tokens = 500;
  for (int tenths = 1; tenths <= 250; ++tenths) {
    run::TrialProgress progress{1, 2, tenths / 10.0, 30.0, 35.0, true};
    screen->on_trial_running(planned, progress, live);
  }
  const std::string text = contents(file);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
  EXPECT_NE(text.find("measuring 10s of 30s, at least 35s left"), std::string::npos);
  std::fclose(file);
}

TEST(Screen, AFileHasNoColour) {
  std::FILE* file = std::tmpfile();
  EXPECT_FALSE(wants_colour(file));
  EXPECT_EQ(columns(file), 160);
  std::fclose(file);
}

}  // namespace
}  // namespace tokamark::cli
