#include <fmt/core.h>

#include <algorithm>
#include <iostream>
#include <memory>

#include "base/files.h"
#include "cli/commands.h"
#include "cli/prepared_study.h"
#include "cli/screen.h"
#include "cli/summaries.h"
#include "doctor/findings_text.h"
#include "run/capacity_runner.h"
#include "run/progress_recorder.h"
#include "run/stop.h"

namespace tokamark::cli {

namespace {

using base::Error;
using base::ErrorKind;

struct CapacityFlags {
  std::string study, prompts, output, json;
  std::vector<std::string> engines, set;
  std::vector<double> rates;
  std::vector<std::uint32_t> concurrencies;
  run::CapacityAsk ask;
  std::optional<double> minutes;
  bool ignore_checks = false;
};

/// Where the search begins, and of which kind the load is: as on the command line, else as in the
/// study. Arrivals are the study's, where its load is open.
void set_loads(const CapacityFlags& flags, study::Study& study) {
  if (flags.rates.empty() && flags.concurrencies.empty()) return;
  workload::LoadShape shape = study.loads.front();
  if (shape.kind == workload::LoadKind::closed) shape = {};
  study.loads.clear();
  for (const double rate : flags.rates) {
    shape.kind = workload::LoadKind::open;
    shape.rate_per_s = rate;
    study.loads.push_back(shape);
  }
  for (const std::uint32_t concurrency : flags.concurrencies) {
    study.loads.push_back({workload::LoadKind::closed, concurrency});
  }
}

/// The study, ready to be searched; checks of the machine are made against its own loads.
base::Result<PreparedStudy> prepare_search(const CapacityFlags& flags,
                                           const StudyRequest& request) {
  TOKAMARK_TRY(PreparedStudy prepared, prepare(request));
  set_loads(flags, prepared.study);
  TOKAMARK_TRY(prepared.plan, study::make_plan(prepared.study, request.engines));
  TOKAMARK_TRY_VOID(run::check_capacity(prepared.study, flags.ask));
  TOKAMARK_TRY_VOID(check_schedules(prepared));
  TOKAMARK_TRY_VOID(check_launch_lines(prepared.study));
  prepared.rule = flags.ignore_checks ? CheckRule::ignore : CheckRule::refuse;
  return prepared;
}

base::Result<void> judge(const run::CapacityOutcome& outcome, const std::string& folder) {
  if (outcome.interrupted) {
    return Error{ErrorKind::interrupted, "stopped; what was measured is in " + folder};
  }
  if (!outcome.engine_failures.empty()) {
    return Error{ErrorKind::engine,
                 outcome.engine_failures.front() + "; results so far are in " + folder};
  }
  const auto open = std::count_if(
      outcome.found.begin(), outcome.found.end(), [](const run::CapacitySearchResult& found) {
        return std::string(run::outcome_word(found.answer)) == "not_resolved";
      });
  if (open == 0) return base::ok();
  return Error{
      ErrorKind::measurement,
      fmt::format("{} of {} capacities are not resolved; the reasons are in the table above", open,
                  outcome.found.size())};
}

/// With the JSON on standard output, everything for people goes to standard error.
std::FILE* screen_of(const CapacityFlags& flags) { return flags.json == "-" ? stderr : stdout; }

base::Result<void> copy_capacity(const run::ResultsFolder& folder, const std::string& path) {
  if (path.empty()) return base::ok();
  TOKAMARK_TRY(const std::string text, folder.read_text("capacity.json"));
  if (path != "-") return base::write_file_atomic(path, text);
  std::cout << text << std::flush;
  if (!std::cout) return Error{ErrorKind::output, "cannot write results to standard output"};
  return base::ok();
}

/// Searches and summarises; `screen` is told.
base::Result<void> search_in(run::ResultsFolder& folder, const PreparedStudy& prepared,
                             const CapacityFlags& flags, run::ProgressRecorder& screen) {
  std::FILE* const out = screen_of(flags);
  const std::atomic<bool>& stop = run::install_stop_handlers(kStoppingText);
  for (const std::string& line : doctor::warning_lines(prepared.checks)) screen.on_message(line);
  const auto outcome =
      run::find_capacities(prepared.study, prepared.plan, flags.ask, folder, stop, screen);
  screen.summarising();
  // Even when the search broke off, what is on disk is summarised.
  const auto result = write_summaries(folder, Exports::none);
  if (!outcome.has_value()) return outcome.error();
  if (!result.has_value()) return result.error();
  fmt::print(out, "\n{}\nResults: {}\n",
             run::capacity_table(prepared.study, flags.ask, outcome.value().found),
             folder.root().string());
  std::fflush(out);  // before an error line on the other stream
  TOKAMARK_TRY_VOID(copy_capacity(folder, flags.json));
  return judge(outcome.value(), folder.root().string());
}

base::Result<void> search(const CapacityFlags& flags, const Invocation& invocation) {
  TOKAMARK_TRY(StudyRequest request, read_request(flags.study));
  TOKAMARK_TRY(request.overrides, parse_overrides(flags.set, flags.prompts));
  request.engines = flags.engines;
  TOKAMARK_TRY(PreparedStudy prepared, prepare_search(flags, request));
  std::FILE* const out = screen_of(flags);
  const auto root = results_root(prepared, flags.output);
  TOKAMARK_TRY_VOID(check_machine(prepared, root, out));
  TOKAMARK_TRY(run::ResultsFolder folder,
               make_results_folder(request.text, prepared, {}, root, invocation.command_line));
  const std::unique_ptr<run::Observer> screen = make_screen(out);
  run::ProgressRecorder recorder(prepared.study, {flags.ask.most_runs, record::TotalKind::at_most},
                                 *screen, run::ProgressRecorder::into(root));
  const auto done = search_in(folder, prepared, flags, recorder);
  recorder.ended(done);
  return done;
}

void add_study_options(CLI::App& command, CapacityFlags& flags) {
  command.add_option("STUDY", flags.study, "Study file with an slo (YAML; docs/STUDY_FILE.md)")
      ->required();
  command.add_option("--engine", flags.engines, "Search only this engine; may be repeated")
      ->type_name("NAME");
  command.add_option("--prompts", flags.prompts, "Use this prompts file in every workload")
      ->type_name("FILE");
  command
      .add_option("--set", flags.set,
                  "Change a value of the study, as in --set slo.ttft_ms=500; may be repeated")
      ->type_name("PATH=VALUE");
  command
      .add_option("--output", flags.output, "Results folder (default: results/<study>-<UTC time>)")
      ->type_name("DIR");
  command.add_option("--json", flags.json, "Also write capacity.json here; - = standard output")
      ->type_name("FILE");
  command.add_flag("--ignore-checks", flags.ignore_checks, kIgnoreChecksHelp);
}

void add_search_options(CLI::App& command, CapacityFlags& flags) {
  auto* rate =
      command.add_option("--rate", flags.rates,
                         "Search the rate of an open load, beginning at these, as in 1,2,4 "
                         "(default: the study's load)");
  rate->delimiter(',')->check(CLI::PositiveNumber)->type_name("PER_S");
  command
      .add_option("--concurrency", flags.concurrencies,
                  "Search the concurrency of a closed load, beginning at these")
      ->delimiter(',')
      ->check(CLI::Range(1, 1'000'000))
      ->type_name("N")
      ->excludes(rate);
  command
      .add_option("--attainment", flags.ask.goal.share,
                  "Share of requests that must meet the slo, on average over runs")
      ->check(CLI::Range(0.01, 0.9999))
      ->capture_default_str();
  command
      .add_option("--tolerance", flags.ask.tolerance,
                  "Width of the interval, relative to its lower end, at which the search ends")
      ->check(CLI::Range(0.01, 1.0))
      ->capture_default_str();
  command.add_option("--runs", flags.ask.most_runs, "Most runs of one engine under one workload")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  command
      .add_option("--minutes", flags.minutes,
                  "Begin no run of one engine under one workload after this time")
      ->check(CLI::PositiveNumber);
  command
      .add_option("--least", flags.ask.least, "Try no load below this (default: 1/64 of the first)")
      ->check(CLI::PositiveNumber);
  command
      .add_option("--most", flags.ask.most, "Try no load above this (default: 64 times the last)")
      ->check(CLI::PositiveNumber);
}

}  // namespace

void add_capacity(CLI::App& program, const Invocation& invocation, Action& action) {
  auto flags = std::make_shared<CapacityFlags>();
  CLI::App* command = program.add_subcommand(
      "capacity", "Find the largest load at which an engine meets the study's slo, as an interval");
  add_study_options(*command, *flags);
  add_search_options(*command, *flags);
  command->callback([flags, invocation, &action] {
    if (flags->minutes) flags->ask.most_s = 60.0 * *flags->minutes;
    action = [flags, invocation] { return search(*flags, invocation); };
  });
}

}  // namespace tokamark::cli
