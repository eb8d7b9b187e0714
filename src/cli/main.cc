#include <sys/resource.h>

#include <cstdio>
#include <string>

#include "cli/commands.h"
#include "engine/guardian.h"
#include "run/manifest.h"

namespace tokamark::cli {
namespace {

constexpr const char* kFooter =
    "Exit codes: 0 every trial valid; 1 internal error; 2 bad usage; 3 bad study file or prompts;\n"
    "4 an engine failed or cannot be reached; 5 a trial is invalid or incomplete, engines are not\n"
    "comparable, a --fail-if holds, or a capacity is not resolved; 6 results cannot be written;\n"
    "130 interrupted.";

/// Streams need descriptors; the hard limit is the administrator's, the soft one is a default.
void raise_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &limit);
}

int report(const base::Error& error) {
  if (!error.message.empty()) std::fprintf(stderr, "tokamark: %s\n", error.message.c_str());
  return base::exit_code(error.kind);
}

int main_program(int argc, char** argv) {
  CLI::App program("Rigorous, reproducible benchmarks of LLM inference engines.", "tokamark");
  program.footer(kFooter);
  program.set_version_flag("--version", "tokamark " + run::version());
  bool list_engines = false;
  program.add_flag("--list-engines", list_engines, "Same as the command `engines`");

  const Invocation invocation{std::vector<std::string>(argv, argv + argc)};
  Action action;
  add_run(program, invocation, action);
  add_bench(program, invocation, action);
  add_capacity(program, invocation, action);
  add_engines(program, action);
  add_doctor(program, action);
  add_setup(program, action);
  add_fetch(program, action);
  add_sim(program, action);
  add_calibrate(program, action);
  add_null_engine(program, action);
  add_explain(program, action);
  add_compare(program, action);
  add_report(program, action);
  add_render(program, action);
  add_watch(program, action);

  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) return program.exit(e);  // --help and --version
    return report({base::ErrorKind::usage, std::string(e.what()) + "; see tokamark --help"});
  }
  if (list_engines) action = print_engines;
  if (!action) {
    std::fputs(program.help().c_str(), stderr);
    return base::exit_code(base::ErrorKind::usage);
  }
  raise_file_limit();
  const auto done = action();
  return done.has_value() ? 0 : report(done.error());
}

}  // namespace
}  // namespace tokamark::cli

int main(int argc, char** argv) {
  if (tokamark::engine::is_guardian(argc, argv)) return tokamark::engine::guardian_main(argc, argv);
  return tokamark::cli::main_program(argc, argv);
}
