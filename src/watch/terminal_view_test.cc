#include "watch/terminal_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tokamark::watch {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string contents(std::FILE* file) {
  std::rewind(file);
  std::string text;
  char block[4096];
  while (const std::size_t got = std::fread(block, 1, sizeof block, file)) text.append(block, got);
  return text;
}

FinishedTrial trial() {
  FinishedTrial t;
  t.id = "r1-a-chat-c8";
  t.verdict = "invalid";
  t.codes = {{"errors", "3 of 10 requests failed"}};
  t.succeeded = 7;
  t.failed = 3;
  t.output_tokens_per_s = 123.45;
  t.ttft_p50_ms = 20.04;
  return t;
}

Snapshot loaded(double elapsed_s) {
  Snapshot s;
  s.study = "s";
  s.model = "m";
  s.hardware = "h";
  s.progress.emplace();
  s.progress->step = record::Step::measuring;
  s.progress->elapsed_s = elapsed_s;
  s.progress->trials_total = 8;
  s.progress->left_s = 125.0;
  s.progress->trial.emplace();
  s.progress->trial->id = "r1-a-chat-c8";
  s.progress->trial->number = 3;
  s.progress->trial->elapsed_s = 12.0;
  s.progress->trial->least_s = 35.0;
  s.progress->trial->live = record::LiveNumbers{8, 120, 1, 4096, 512.4, 20.0, std::nullopt};
  return s;
}

std::string shown(Redraw redraw, const std::function<void(TerminalView&)>& show) {
  std::FILE* file = std::tmpfile();
  {
    TerminalView view(file, {redraw, 160});
    show(view);
  }
  std::string text = contents(file);
  std::fclose(file);
  return text;
}

TEST(TerminalView, SaysWhereAStudyStands) {
  EXPECT_EQ(state_text(loaded(60), 1.0),
            "trial 3/8  r1-a-chat-c8  measuring 13s of 35s, about 2m04s left");
  EXPECT_EQ(live_text(loaded(60)),
            "in flight 8  done 120  failed 1  512 tok/s  TTFT p50 20 p99 - ms");
}

TEST(TerminalView, ATrialIsALineAndToldOnce) {
  const std::string text = shown(Redraw::off, [](TerminalView& view) {
    view.on_trial(trial());
    view.on_trial(trial());
    FinishedTrial other = trial();
    other.codes.clear();
    view.on_trial(other);
  });
  EXPECT_EQ(text,
            "trial r1-a-chat-c8  7 ok, 3 failed, 123.5 tok/s, TTFT p50 20.0 ms  invalid errors (3 "
            "of 10 requests failed)\n"
            "judged again: r1-a-chat-c8  7 ok, 3 failed, 123.5 tok/s, TTFT p50 20.0 ms  invalid\n");
}

TEST(TerminalView, ALogGetsALineEveryTenSeconds) {
  const std::string text = shown(Redraw::off, [](TerminalView& view) {
    for (int second = 0; second < 25; ++second) view.on_state(loaded(second));
  });
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1 + 3) << text;
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

TEST(TerminalView, ATerminalIsRedrawnInPlace) {
  const std::string text = shown(Redraw::on, [](TerminalView& view) {
    view.on_state(loaded(1));
    view.on_state(loaded(2));
  });
  EXPECT_THAT(text, HasSubstr("\x1b[2A\x1b[0J"));
}

TEST(TerminalView, MessagesAreSaidOnceAndTheEndAsWell) {
  const std::string text = shown(Redraw::off, [](TerminalView& view) {
    Snapshot s = loaded(1);
    s.progress->messages = {"one", "two"};
    view.on_state(s);
    s.progress->messages = {"two", "three"};
    view.on_state(s);
    s.state = State::finished;
    s.exit_code = 5;
    s.message = "1 of 8 trials are not valid";
    view.on_state(s);
    view.on_state(s);
  });
  EXPECT_THAT(text, HasSubstr("\none\ntwo\n"));
  EXPECT_THAT(text, HasSubstr("\nthree\n"));
  EXPECT_EQ(text.find("two"), text.rfind("two"));
  EXPECT_THAT(text, HasSubstr("study finished: 0 of 0 trials valid, exit code 5\n"
                              "1 of 8 trials are not valid\n"));
  EXPECT_EQ(text.find("exit code"), text.rfind("exit code"));
}

TEST(TerminalView, NoTextSteersTheTerminal) {
  const std::string text = shown(Redraw::off, [](TerminalView& view) {
    FinishedTrial t = trial();
    t.id = "\x1b]0;evil\a\x1b[2J";
    view.on_trial(t);
    Snapshot s = loaded(1);
    s.study = "\x1b[31m\nforged line";
    s.progress->messages = {"\r\x1b[1A"};
    view.on_state(s);
  });
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(text, Not(HasSubstr("\nforged")));
}

}  // namespace
}  // namespace tokamark::watch
