#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"

namespace tokamark::cli {

/// What every command needs of the process.
struct Invocation {
  std::vector<std::string> command_line;
};

/// Of --ignore-checks.
inline constexpr const char* kIgnoreChecksHelp =
    "Run even where `tokamark doctor` finds errors; the results say so";

/// Runs the command that was chosen; success is exit code 0.
using Action = std::function<base::Result<void>()>;

/// Each adds one subcommand to the program and sets `action` when it is the chosen one.
void add_run(CLI::App& program, const Invocation& invocation, Action& action);
void add_bench(CLI::App& program, const Invocation& invocation, Action& action);
void add_capacity(CLI::App& program, const Invocation& invocation, Action& action);
void add_doctor(CLI::App& program, Action& action);
void add_engines(CLI::App& program, Action& action);
void add_setup(CLI::App& program, Action& action);
void add_fetch(CLI::App& program, Action& action);
void add_sim(CLI::App& program, Action& action);
void add_calibrate(CLI::App& program, Action& action);
void add_null_engine(CLI::App& program, Action& action);
void add_explain(CLI::App& program, Action& action);
void add_compare(CLI::App& program, Action& action);
void add_report(CLI::App& program, Action& action);
void add_render(CLI::App& program, Action& action);
void add_watch(CLI::App& program, Action& action);

/// What `engines` and --list-engines print.
base::Result<void> print_engines();

}  // namespace tokamark::cli
