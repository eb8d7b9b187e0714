#include <fmt/core.h>

#include "cli/commands.h"
#include "engine/engine.h"

namespace tokamark::cli {

base::Result<void> print_engines() {
  fmt::print("{:<14} {:<6} {:<12} {}\n", "KIND", "FOUND", "VERSION", "WHERE");
  for (const engine::Discovery& engine : engine::discover()) {
    fmt::print("{:<14} {:<6} {:<12} {}\n", engine.kind, engine.found ? "yes" : "no",
               engine.version.empty() ? "-" : engine.version, engine.where);
    if (!engine.remark.empty()) fmt::print("{:<14} {}\n", "", engine.remark);
  }
  return base::ok();
}

void add_engines(CLI::App& program, Action& action) {
  CLI::App* command = program.add_subcommand(
      "engines", "List every known engine: whether it is found here, where, and its version");
  command->callback([&action] { action = print_engines; });
}

}  // namespace tokamark::cli
