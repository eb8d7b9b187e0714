#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <fstream>

#include "engine/guardian.h"
#include "engine/process.h"

namespace {

/// "--hold-engine REPORT LOG COMMAND...": starts the command under a guardian, writes the
/// guardian's pid to REPORT, and waits to be killed. The part of tokamark in the kill -9 test.
int hold_engine(int argc, char** argv) {
  tokamark::engine::LaunchCommand command;
  command.argv.assign(argv + 4, argv + argc);
  const auto process =
      tokamark::engine::SupervisedProcess::spawn(command, argv[3], std::chrono::seconds(60));
  if (process.has_error()) return 1;
  std::ofstream(argv[2]) << process.value()->guardian_pid() << std::endl;
  while (true) ::pause();
}

}  // namespace

int main(int argc, char** argv) {
  if (tokamark::engine::is_guardian(argc, argv)) {
    return tokamark::engine::guardian_main(argc, argv);
  }
  if (argc > 4 && std::strcmp(argv[1], "--hold-engine") == 0) return hold_engine(argc, argv);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
