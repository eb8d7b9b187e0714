#include <fmt/core.h>

#include <filesystem>
#include <memory>

#include "base/files.h"
#include "cli/commands.h"
#include "cli/study_session.h"
#include "probe/host_facts.h"
#include "run/host_needs.h"

namespace tokamark::cli {

namespace {

namespace fs = std::filesystem;

base::Result<void> examine(const std::string& file) {
  probe::HostNeeds needs;
  if (!file.empty()) {
    StudyRequest request;
    request.file = file;
    TOKAMARK_TRY(request.text, base::read_file(file, base::ErrorKind::study));
    request.folder = fs::absolute(fs::path(file)).parent_path();
    TOKAMARK_TRY(needs, needs_of(request));
  }
  const auto checks = probe::check_host(probe::read_host_facts(), needs);
  fmt::print("{:<18} {:<8} {}\n", "CHECK", "STATUS", "FOUND");
  for (const probe::HostCheck& check : checks) {
    fmt::print("{:<18} {:<8} {}\n", check.name, probe::to_word(check.status), check.value);
    if (!check.advice.empty()) fmt::print("{:<18} {:<8} {}\n", "", "", check.advice);
  }
  std::fflush(stdout);  // before an error line on the other stream
  return run::refuse_unfit(checks);
}

}  // namespace

void add_doctor(CLI::App& program, Action& action) {
  auto file = std::make_shared<std::string>();
  CLI::App* command = program.add_subcommand(
      "doctor", "Check this machine: cores, clocks, ports, files, loopback, timers");
  command->add_option("STUDY", *file, "Check against what this study asks of the machine");
  command->callback([file, &action] { action = [file] { return examine(*file); }; });
}

}  // namespace tokamark::cli
