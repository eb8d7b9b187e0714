#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace tokamark::base {

/// Where a called program's standard error goes.
enum class CallErrors { dropped, with_output };

/// A short-lived program that is run for what it prints. Engines are started by engine/process.h.
struct ProgramCall {
  std::vector<std::string> argv;           ///< argv[0] is a path or a name on PATH
  std::map<std::string, std::string> env;  ///< added to the inherited environment
  std::chrono::milliseconds timeout{5000};
  std::size_t output_limit = std::size_t{1} << 20;  ///< bytes; more is an error
  CallErrors errors = CallErrors::dropped;
  const std::atomic<bool>* stop = nullptr;  ///< becomes true when it is to be ended early
  std::chrono::milliseconds grace{0};       ///< a stop: how long SIGINT may take before SIGKILL
  std::function<void(std::string_view)> on_output{};  ///< gets each piece as it comes
  std::string input_path = "/dev/null";               ///< what it reads as standard input
};

/// How it ended.
struct ProgramEnd {
  int exit_code = 0;   ///< 128 and the signal's number when one killed it
  std::string output;  ///< standard output, and standard error with CallErrors::with_output
};

/// Runs the program in a process group of its own, and waits for its end; any exit code is a
/// result. At an error the whole group is killed; at a stop it is interrupted first, as Ctrl-C
/// does, where `grace` gives it time. Errors: `engine` when it cannot be run or prints too much,
/// `timeout`, `interrupted`. Thread-safe.
Result<ProgramEnd> run_program(const ProgramCall& call);

}  // namespace tokamark::base
