#include "engine/process.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "base/files.h"
#include "engine/proc_table.h"
#include "engine/test_support.h"

namespace tokamark::engine {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::eventually;

/// A tree as a real engine makes it: a worker in a session of its own, its child in yet another,
/// and a daemon whose parent has already gone.
constexpr const char* kDeepTree =
    "setsid sh -c 'setsid sleep 1000 & sleep 1000' & (setsid sleep 1000 &) ; sleep 1000";
constexpr std::size_t kDeepTreeSize = 6;  // sh, sh, and four sleeps

class Process : public testing::Test {
 protected:
  static LaunchCommand shell(const std::string& script) { return {{"/bin/sh", "-c", script}, {}}; }
  [[nodiscard]] std::filesystem::path log() const { return folder_.path() / "engine.log"; }
  [[nodiscard]] std::string log_text() const {
    return base::read_file(log(), base::ErrorKind::output).value();
  }
  /// A mark that every process of this test's engines carries.
  [[nodiscard]] std::string mark() const { return "TOKAMARK_TEST_MARK=" + folder_.path().string(); }
  [[nodiscard]] LaunchCommand marked(const std::string& script) const {
    LaunchCommand command = shell(script);
    command.env["TOKAMARK_TEST_MARK"] = folder_.path().string();
    return command;
  }
  [[nodiscard]] std::size_t marked_processes() const {
    return processes_with_environment(mark()).size();
  }
  test::TemporaryFolder folder_;
};

TEST_F(Process, OutputAndErrorsAreAppendedToTheLogAndVariablesAreAdded) {
  folder_.write("engine.log", "before\n");
  LaunchCommand command = shell("echo out $GREETING; echo err >&2; exit 3");
  command.env["GREETING"] = "hello";
  const auto process = SupervisedProcess::spawn(command, log(), seconds(5));
  ASSERT_TRUE(process.has_value()) << process.error().message;
  ASSERT_TRUE(eventually([&] { return process.value()->end().has_value(); }));
  EXPECT_EQ(process.value()->end()->text(), "exited with code 3");
  EXPECT_EQ(log_text(), "before\nout hello\nerr\n");
}

TEST_F(Process, AProgramThatDoesNotExistIsNamed) {
  const auto process = SupervisedProcess::spawn({{"/no/such/engine"}, {}}, log(), seconds(5));
  ASSERT_TRUE(process.has_error());
  EXPECT_EQ(process.error().kind, base::ErrorKind::engine);
  EXPECT_EQ(process.error().message, "/no/such/engine cannot be run: No such file or directory");
}

TEST_F(Process, ALogThatCannotBeOpenedIsAnOutputError) {
  const auto process =
      SupervisedProcess::spawn(shell("true"), folder_.path() / "no" / "log", seconds(5));
  ASSERT_TRUE(process.has_error());
  EXPECT_EQ(process.error().kind, base::ErrorKind::output);
}

TEST_F(Process, ASignalThatEndsTheEngineIsNamed) {
  const auto process = SupervisedProcess::spawn(shell("kill -SEGV $$"), log(), seconds(5));
  ASSERT_TRUE(process.has_value());
  ASSERT_TRUE(eventually([&] { return process.value()->end().has_value(); }));
  EXPECT_EQ(process.value()->end()->text(), "was killed by signal 11 (Segmentation fault)");
}

TEST_F(Process, StopIsOrderlyWhenTheEngineLeavesOnSigterm) {
  const auto process = SupervisedProcess::spawn(
      shell("trap 'echo leaving; exit 0' TERM; echo up; while :; do sleep 0.01; done"), log(),
      seconds(60));
  ASSERT_TRUE(process.has_value());
  ASSERT_TRUE(eventually([&] { return log_text() == "up\n"; }));
  EXPECT_EQ(process.value()->stop().value(), StopOutcome::orderly);
  EXPECT_NE(log_text().find("leaving\n"), std::string::npos);
  EXPECT_EQ(process.value()->end()->text(), "exited with code 0");
  EXPECT_EQ(process.value()->stop().value(), StopOutcome::orderly)
      << "a second stop changes nothing";
}

TEST_F(Process, StopKillsAnEngineThatIgnoresSigterm) {
  const auto process = SupervisedProcess::spawn(
      shell("trap '' TERM; echo up; while :; do sleep 0.01; done"), log(), milliseconds(50));
  ASSERT_TRUE(process.has_value());
  ASSERT_TRUE(eventually([&] { return log_text() == "up\n"; }));
  EXPECT_EQ(process.value()->stop().value(), StopOutcome::killed);
  EXPECT_EQ(process.value()->end()->text(), "was killed by signal 9 (Killed)");
}

TEST_F(Process, StopEndsWorkersInOtherSessionsAndDaemons) {
  const auto process = SupervisedProcess::spawn(marked(kDeepTree), log(), seconds(60));
  ASSERT_TRUE(process.has_value());
  ASSERT_TRUE(eventually([&] { return marked_processes() == kDeepTreeSize + 1; }))
      << "the tree and its guardian";
  ASSERT_TRUE(process.value()->stop().has_value());
  EXPECT_EQ(marked_processes(), 0U);
}

TEST_F(Process, ListsEveryProcessOfTheEngineButNotTheGuardian) {
  const auto process = SupervisedProcess::spawn(marked(kDeepTree), log(), seconds(60));
  ASSERT_TRUE(process.has_value());
  ASSERT_TRUE(eventually([&] { return process.value()->processes().size() == kDeepTreeSize; }));
  const auto pids = process.value()->processes();
  EXPECT_EQ(std::count(pids.begin(), pids.end(), process.value()->main_pid()), 1);
  EXPECT_EQ(std::count(pids.begin(), pids.end(), process.value()->guardian_pid()), 0);
}

TEST_F(Process, WorkersDoNotOutliveAnEngineThatCrashes) {
  const auto process = SupervisedProcess::spawn(
      marked("(setsid sleep 1000 &); setsid sleep 1000 & echo up; kill -9 $$"), log(), seconds(60));
  ASSERT_TRUE(process.has_value());
  ASSERT_TRUE(eventually([&] { return process.value()->end().has_value(); }));
  EXPECT_EQ(process.value()->end()->text(), "was killed by signal 9 (Killed)");
  EXPECT_TRUE(eventually([&] { return marked_processes() == 0; }));
}

TEST_F(Process, NothingSurvivesAGuardianThatIsKilled) {
  const auto process = SupervisedProcess::spawn(marked(kDeepTree), log(), seconds(60));
  ASSERT_TRUE(process.has_value());
  ASSERT_TRUE(eventually([&] { return marked_processes() == kDeepTreeSize + 1; }));
  ::kill(process.value()->guardian_pid(), SIGKILL);
  ASSERT_TRUE(eventually([&] { return process.value()->end().has_value(); }));
  EXPECT_TRUE(process.value()->end()->guardian_lost);
  EXPECT_TRUE(eventually([&] { return marked_processes() == 0; }));
}

TEST_F(Process, TheDestructorLeavesNothing) {
  {
    const auto process = SupervisedProcess::spawn(marked(kDeepTree), log(), seconds(60));
    ASSERT_TRUE(process.has_value());
    ASSERT_TRUE(eventually([&] { return marked_processes() == kDeepTreeSize + 1; }));
  }
  EXPECT_EQ(marked_processes(), 0U);
}

/// Starts this test program as a tokamark that holds one engine.
pid_t start_holder(const std::string& report, const std::string& log, const std::string& script,
                   const std::string& mark) {
  std::vector<std::string> words{"holder", "--hold-engine", report, log, "/bin/sh", "-c", script};
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  std::string assignment = mark;
  std::string path = "PATH=/usr/bin:/bin";
  char* environment[] = {assignment.data(), path.data(), nullptr};
  pid_t pid = -1;
  ::posix_spawn(&pid, "/proc/self/exe", nullptr, nullptr, argv.data(), environment);
  return pid;
}

TEST_F(Process, NothingSurvivesATokamarkThatIsKilledWithKill9) {
  const std::string report = (folder_.path() / "report").string();
  const pid_t holder = start_holder(report, log().string(), kDeepTree, mark());
  ASSERT_GT(holder, 0);
  // The holder, its guardian, and the tree.
  ASSERT_TRUE(eventually([&] { return marked_processes() == kDeepTreeSize + 2; }));
  ::kill(holder, SIGKILL);
  ::waitpid(holder, nullptr, 0);
  EXPECT_TRUE(eventually([&] { return marked_processes() == 0; }));
}

TEST_F(Process, AnEngineThatIgnoresSigtermDoesNotSurviveATokamarkThatIsKilled) {
  const std::string report = (folder_.path() / "report").string();
  const pid_t holder = start_holder(report, log().string(),
                                    "trap '' TERM; setsid sh -c \"trap '' TERM; sleep 1000\" & "
                                    "while :; do sleep 1000; done",
                                    mark());
  ASSERT_TRUE(eventually([&] { return marked_processes() == 6; }));
  ::kill(holder, SIGKILL);
  ::waitpid(holder, nullptr, 0);
  EXPECT_TRUE(eventually([&] { return marked_processes() == 0; }));
}

}  // namespace
}  // namespace tokamark::engine
