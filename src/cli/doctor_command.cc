#include <fmt/core.h>

#include <filesystem>
#include <memory>

#include "base/files.h"
#include "cli/commands.h"
#include "cli/study_session.h"
#include "doctor/doctor.h"
#include "doctor/findings_text.h"

namespace tokamark::cli {

namespace {

namespace fs = std::filesystem;

struct DoctorFlags {
  std::string study, json;
  std::vector<std::string> engines;
};

base::Result<void> examine(const DoctorFlags& flags) {
  std::vector<probe::Check> checks;
  if (flags.study.empty()) {
    checks = doctor::examine_machine();
  } else {
    StudyRequest request;
    request.file = flags.study;
    TOKAMARK_TRY(request.text, base::read_file(flags.study, base::ErrorKind::study));
    request.folder = fs::absolute(fs::path(flags.study)).parent_path();
    request.engines = flags.engines;
    TOKAMARK_TRY(checks, examine_for(request));
  }
  const bool json_only = flags.json == "-";
  std::FILE* const out = json_only ? stderr : stdout;
  fmt::print(out, "{}", doctor::page(checks));
  const std::string json = probe::to_json(checks).dump(2) + "\n";
  if (json_only) {
    fmt::print("{}", json);
  } else if (!flags.json.empty()) {
    TOKAMARK_TRY_VOID(base::write_file_atomic(flags.json, json));
  }
  std::fflush(stdout);  // before an error line on the other stream
  return doctor::refuse(checks);
}

}  // namespace

void add_doctor(CLI::App& program, Action& action) {
  auto flags = std::make_shared<DoctorFlags>();
  CLI::App* command = program.add_subcommand(
      "doctor", "Check this machine, and with a study everything that its engines need here");
  command->add_option("STUDY", flags->study, "Check against what this study asks of the machine");
  command->add_option("--engine", flags->engines, "Check only this engine; may be repeated")
      ->type_name("NAME");
  command
      ->add_option("--json", flags->json,
                   "The checks for a program; - writes them to standard output")
      ->type_name("FILE");
  command->callback([flags, &action] { action = [flags] { return examine(*flags); }; });
}

}  // namespace tokamark::cli
