#include "base/program.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

namespace tokamark::base {
namespace {

ProgramCall shell(const std::string& script) {
  ProgramCall call;
  call.argv = {"sh", "-c", script};
  return call;
}

TEST(RunProgram, GivesOutputAndExitCode) {
  const auto end = run_program(shell("echo out; echo err >&2; exit 3"));
  ASSERT_TRUE(end.has_value());
  EXPECT_EQ(3, end.value().exit_code);
  EXPECT_EQ("out\n", end.value().output);
}

TEST(RunProgram, JoinsStandardErrorWhenAsked) {
  ProgramCall call = shell("echo err >&2");
  call.errors = CallErrors::with_output;
  std::string seen;
  call.on_output = [&](std::string_view piece) { seen.append(piece); };
  EXPECT_EQ("err\n", run_program(call).value().output);
  EXPECT_EQ("err\n", seen);
}

TEST(RunProgram, ASignalCountsFrom128) {
  EXPECT_EQ(128 + 9, run_program(shell("kill -9 $$")).value().exit_code);
}

TEST(RunProgram, ReadsNothingOrTheGivenFile) {
  ProgramCall call = shell("cat");
  EXPECT_EQ("", run_program(call).value().output);
  call.input_path = "/proc/self/comm";
  EXPECT_NE("", run_program(call).value().output);
}

TEST(RunProgram, AddsToTheEnvironment) {
  ProgramCall call = shell("echo $TOKAMARK_TEST $HOME");
  call.env = {{"TOKAMARK_TEST", "a"}, {"HOME", "b"}};
  EXPECT_EQ("a b\n", run_program(call).value().output);
}

TEST(RunProgram, StandardInputIsEmpty) { EXPECT_EQ("", run_program(shell("cat")).value().output); }

TEST(RunProgram, AMissingProgramIsAnError) {
  ProgramCall call;
  call.argv = {"/no/such/program"};
  const auto end = run_program(call);
  ASSERT_TRUE(end.has_error());
  EXPECT_EQ(ErrorKind::engine, end.error().kind);
  EXPECT_EQ("/no/such/program cannot be run: No such file or directory", end.error().message);
}

/// The child of the child holds the pipe: only its death ends the call in time.
TEST(RunProgram, ATimeoutKillsTheGroup) {
  ProgramCall call = shell("sleep 100 & wait");
  call.timeout = std::chrono::milliseconds(50);
  const auto end = run_program(call);
  ASSERT_TRUE(end.has_error());
  EXPECT_EQ(ErrorKind::timeout, end.error().kind);
}

TEST(RunProgram, TooMuchOutputIsAnError) {
  ProgramCall call = shell("yes");
  call.output_limit = 1000;
  const auto end = run_program(call);
  ASSERT_TRUE(end.has_error());
  EXPECT_EQ("sh printed more than 1000 bytes", end.error().message);
}

TEST(RunProgram, AStopEndsIt) {
  std::atomic<bool> stop{true};
  ProgramCall call = shell("sleep 100");
  call.stop = &stop;
  const auto end = run_program(call);
  ASSERT_TRUE(end.has_error());
  EXPECT_EQ(ErrorKind::interrupted, end.error().kind);
}

TEST(RunProgram, AStopLetsItTidyUpFirst) {
  const std::string file = testing::TempDir() + "tokamark-program-" + std::to_string(::getpid());
  std::atomic<bool> stop{false};
  // The trap is set before the line is printed, and the line asks for the stop.
  ProgramCall call =
      shell("trap 'echo tidy >" + file + "; exit' INT; echo ready; sleep 100 & wait");
  call.stop = &stop;
  call.grace = std::chrono::seconds(60);
  call.on_output = [&stop](std::string_view) { stop = true; };
  const auto end = run_program(call);
  ASSERT_TRUE(end.has_error());
  EXPECT_EQ(ErrorKind::interrupted, end.error().kind);
  std::ifstream written(file);
  std::string word;
  EXPECT_TRUE(written >> word);
  EXPECT_EQ("tidy", word);
  std::remove(file.c_str());
}

}  // namespace
}  // namespace tokamark::base
