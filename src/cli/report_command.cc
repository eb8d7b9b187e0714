#include <fmt/core.h>

#include <memory>

#include "cli/commands.h"
#include "cli/summaries.h"

namespace tokamark::cli {

namespace {

struct ReportFlags {
  std::string folder, export_format;
};

base::Result<void> rebuild(const ReportFlags& flags) {
  TOKAMARK_TRY(run::ResultsFolder folder, run::ResultsFolder::open(flags.folder));
  TOKAMARK_TRY_VOID(folder.lock());
  TOKAMARK_TRY(const record::StudyResult result,
               write_summaries(folder, parse_export(flags.export_format)));
  print_table(stdout, result);
  fmt::print("\nRebuilt from {} trials: {}\n", result.trials.size(),
             (folder.root() / "report.html").string());
  return base::ok();
}

}  // namespace

void add_report(CLI::App& program, Action& action) {
  auto flags = std::make_shared<ReportFlags>();
  CLI::App* command = program.add_subcommand(
      "report", "Rebuild every summary of a results folder from its raw records");
  command->add_option("DIR", flags->folder, "Results folder")->required();
  command
      ->add_option("--export", flags->export_format,
                   "Also write each trial in another tool's format")
      ->check(CLI::IsMember({"vllm"}));
  command->callback([flags, &action] { action = [flags] { return rebuild(*flags); }; });
}

}  // namespace tokamark::cli
