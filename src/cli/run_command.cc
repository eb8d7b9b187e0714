#include <iostream>
#include <memory>

#include "cli/budget.h"
#include "cli/commands.h"
#include "cli/study_session.h"
#include "study/study.h"

namespace tokamark::cli {

namespace {

using base::Error;
using base::ErrorKind;

struct RunFlags {
  std::string study, config, resume, prompts, output, export_format, budget;
  std::vector<std::string> engines, set;
  bool dry_run = false, list_engines = false, ignore_checks = false;
};

CheckRule check_rule(const RunFlags& flags) {
  return flags.ignore_checks ? CheckRule::ignore : CheckRule::refuse;
}

base::Result<void> run(const RunFlags& flags, const Invocation& invocation) {
  if (flags.list_engines) return print_engines();
  if (!flags.resume.empty()) {
    if (!flags.set.empty() || !flags.prompts.empty() || !flags.engines.empty() ||
        !flags.budget.empty()) {
      return Error{ErrorKind::usage,
                   "--resume continues a study as it was: leave out --set, --prompts, --engine and "
                   "--budget"};
    }
    return resume_study(flags.resume, parse_export(flags.export_format), check_rule(flags));
  }
  const std::string file = flags.study.empty() ? flags.config : flags.study;
  if (file.empty()) {
    return Error{ErrorKind::usage, "no study: give STUDY.yaml, or --resume DIR"};
  }
  TOKAMARK_TRY(StudyRequest request, read_request(file));
  TOKAMARK_TRY(request.overrides, parse_overrides(flags.set, flags.prompts));
  request.engines = flags.engines;
  SessionOptions options;
  if (!flags.budget.empty()) {
    TOKAMARK_TRY(options.budget_s, parse_duration_s(flags.budget));
    request.overrides.push_back({"repeats", std::to_string(kMostBlocks)});
  }
  if (flags.dry_run) {
    TOKAMARK_TRY(const std::string text, describe(request));
    std::cout << text;
    return base::ok();
  }
  options.output = flags.output;
  options.exports = parse_export(flags.export_format);
  options.checks = check_rule(flags);
  options.command_line = invocation.command_line;
  return start_study(request, options);
}

}  // namespace

void add_run(CLI::App& program, const Invocation& invocation, Action& action) {
  auto flags = std::make_shared<RunFlags>();
  CLI::App* command =
      program.add_subcommand("run", "Run a study: start, load, measure and compare engines");
  command->add_option("STUDY", flags->study, "Study file (YAML; docs/STUDY_FILE.md)");
  command->add_option("--config", flags->config, "Same as STUDY");
  command->add_option("--engine", flags->engines, "Run only this engine; may be repeated")
      ->type_name("NAME");
  command->add_option("--prompts", flags->prompts, "Use this prompts file in every workload")
      ->type_name("FILE");
  command
      ->add_option("--output", flags->output,
                   "Results folder (default: results/<study>-<UTC time>)")
      ->type_name("DIR");
  command->add_option("--budget", flags->budget,
                      "Time for the whole study, as in 2h or 90m: after 3 pilot blocks it decides "
                      "how many blocks there are, instead of `repeats`");
  command->add_option("--resume", flags->resume, "Continue the study in a results folder")
      ->type_name("DIR");
  command
      ->add_option("--set", flags->set,
                   "Change a value of the study, as in --set window.seconds=4; may be repeated")
      ->type_name("PATH=VALUE");
  command
      ->add_option("--export", flags->export_format,
                   "Also write each trial in another tool's format")
      ->check(CLI::IsMember({"vllm"}));
  command->add_flag("--dry-run", flags->dry_run,
                    "Print trials, order, requests, duration and engine commands; start nothing");
  command->add_flag("--ignore-checks", flags->ignore_checks, kIgnoreChecksHelp);
  command->add_flag("--list-engines", flags->list_engines, "Same as the command `engines`");
  command->callback([flags, invocation, &action] {
    action = [flags, invocation] { return run(*flags, invocation); };
  });
}

}  // namespace tokamark::cli
