#include "base/process_identity.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace tokamark::base {
namespace {

TEST(ProcessIdentity, ReadsTheStartBehindANameWithBrackets) {
  EXPECT_EQ(start_ticks_of("7 (a) b (c) S 1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 8642 9 10"),
            8642);
  EXPECT_FALSE(start_ticks_of("7 (a) S 1 7").has_value());
  EXPECT_FALSE(start_ticks_of("").has_value());
}

TEST(ProcessIdentity, ThisProcessIsAlive) {
  EXPECT_EQ(liveness_of(this_process()), Liveness::alive);
}

TEST(ProcessIdentity, ANumberThatWasGivenAgainIsAnotherProcess) {
  ProcessIdentity other = this_process();
  other.start_ticks += 1;
  EXPECT_EQ(liveness_of(other), Liveness::ended);
}

TEST(ProcessIdentity, AProcessThatWasWaitedForHasEnded) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  ProcessIdentity gone = this_process();
  gone.pid = child;
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_EQ(liveness_of(gone), Liveness::ended);
}

TEST(ProcessIdentity, SaysNothingOfAnotherMachineOrContainer) {
  ProcessIdentity other = this_process();
  other.boot_id = "another";
  EXPECT_EQ(liveness_of(other), Liveness::unknown);
  other = this_process();
  other.pid_namespace = "pid:[1]";
  EXPECT_EQ(liveness_of(other), Liveness::unknown);
  EXPECT_EQ(liveness_of({}), Liveness::unknown);
}

}  // namespace
}  // namespace tokamark::base
