#include "cli/study_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <iostream>

#include "analysis/fairness.h"
#include "base/clock.h"
#include "cli/budget.h"
#include "cli/screen.h"
#include "cli/summaries.h"
#include "doctor/doctor.h"
#include "doctor/findings_text.h"
#include "run/progress_recorder.h"
#include "run/results_folder.h"
#include "run/stop.h"
#include "run/study_runner.h"
#include "study/plan.h"

namespace tokamark::cli {

namespace {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;
using nlohmann::json;

constexpr const char* kInvocation = "invocation.json";

/// With the JSON on standard output, everything for people goes to standard error.
std::FILE* screen_of(const std::string& json_copy) { return json_copy == "-" ? stderr : stdout; }

json to_json(const StudyRequest& request) {
  json overrides = json::array();
  for (const study::Override& change : request.overrides) {
    overrides.push_back({{"path", change.path}, {"value", change.value}});
  }
  return {{"file", request.file},
          {"folder", request.folder.string()},
          {"overrides", overrides},
          {"engines", request.engines}};
}

base::Result<StudyRequest> request_from(const run::ResultsFolder& folder) {
  TOKAMARK_TRY(const json stored, folder.read_json(kInvocation));
  StudyRequest request;
  TOKAMARK_TRY(request.text, folder.read_text("study.yaml"));
  try {
    request.file = stored.at("file").get<std::string>();
    request.folder = stored.at("folder").get<std::string>();
    request.engines = stored.at("engines").get<std::vector<std::string>>();
    for (const json& change : stored.at("overrides")) {
      request.overrides.push_back(
          {change.at("path").get<std::string>(), change.at("value").get<std::string>()});
    }
  } catch (const json::exception& e) {
    return Error{ErrorKind::study,
                 (folder.root() / kInvocation).string() + ": " + std::string(e.what())};
  }
  return request;
}

/// The one line and the exit code that a finished session ends with.
base::Result<void> judge(const run::Outcome& outcome, const record::StudyResult& result,
                         const fs::path& root) {
  if (outcome.interrupted) {
    return Error{ErrorKind::interrupted, "stopped; what was measured is in " + root.string() +
                                             "; continue with: tokamark run --resume " +
                                             root.string()};
  }
  if (!outcome.engine_failures.empty()) {
    return Error{ErrorKind::engine,
                 outcome.engine_failures.front() + "; results so far are in " + root.string()};
  }
  const auto bad = std::count_if(result.trials.begin(), result.trials.end(),
                                 [](const auto& t) { return t.verdict != record::Verdict::valid; });
  if (bad > 0) {
    return Error{ErrorKind::measurement,
                 fmt::format("{} of {} trials are not valid; the reasons are in the table above "
                             "and in {}",
                             bad, result.trials.size(), (root / "summary.md").string())};
  }
  const auto unequal = analysis::unequal_arms(result.fairness);
  if (!unequal.empty()) {
    return Error{ErrorKind::measurement,
                 fmt::format("the engines are not comparable: {} differ; make them equal, or say "
                             "under fairness.intended that they are meant to differ",
                             fmt::join(unequal, "; "))};
  }
  return base::ok();
}

/// How a session leaves its results.
struct Leaving {
  Exports exports = Exports::none;
  std::string json_copy;
  std::optional<double> budget_s;
};

base::Result<void> play_with(const PreparedStudy& prepared, run::ResultsFolder& folder,
                             const Leaving& leaving, run::ProgressRecorder& screen) {
  std::FILE* const out = screen_of(leaving.json_copy);
  const std::atomic<bool>& stop = run::install_stop_handlers(kStoppingText);
  for (const std::string& line : doctor::warning_lines(prepared.checks)) screen.on_message(line);
  const base::TimePoint begun = base::now();
  run::BlockGate gate;
  if (leaving.budget_s) {
    TOKAMARK_TRY_VOID(Budget::prepare(folder));
    gate = [budget = std::make_shared<Budget>(
                *leaving.budget_s, folder,
                [&screen](const std::string& line) { screen.on_message(line); },
                [begun] { return base::to_seconds(base::now() - begun); })](std::uint32_t blocks) {
      return budget->goes_on(blocks);
    };
  }
  const auto outcome = run::run_study(prepared.study, prepared.plan, folder, stop, screen, gate);
  screen.summarising();
  // Even when the run broke off, what is on disk is summarised.
  const auto result = write_summaries(folder, leaving.exports);
  if (!outcome.has_value()) return outcome.error();
  if (!result.has_value()) return result.error();
  print_table(out, result.value());
  fmt::print(out, "\nResults: {}\n", folder.root().string());
  std::fflush(out);  // before an error line on the other stream
  TOKAMARK_TRY_VOID(copy_json(result.value(), leaving.json_copy));
  return judge(outcome.value(), result.value(), folder.root());
}

base::Result<void> play(const PreparedStudy& prepared, run::ResultsFolder& folder,
                        const Leaving& leaving) {
  const std::unique_ptr<run::Observer> screen = make_screen(screen_of(leaving.json_copy));
  run::ProgressSetup setup;
  setup.trials_total = prepared.plan.trial_count();
  // A budget decides only after the pilot how many blocks there are.
  if (leaving.budget_s) setup.total_is = record::TotalKind::at_most;
  run::ProgressRecorder recorder(prepared.study, setup, *screen,
                                 run::ProgressRecorder::into(folder.root()));
  const auto done = play_with(prepared, folder, leaving, recorder);
  recorder.ended(done);
  return done;
}

}  // namespace

Exports parse_export(const std::string& name) {
  return name == "vllm" ? Exports::vllm : Exports::none;
}

base::Result<std::vector<probe::Check>> examine_for(const StudyRequest& request) {
  TOKAMARK_TRY(const PreparedStudy prepared, prepare(request));
  return doctor::examine(prepared.study, prepared.plan, "results");
}

base::Result<std::string> describe(const StudyRequest& request) {
  TOKAMARK_TRY(const PreparedStudy prepared, prepare(request));
  return study::describe_plan(prepared.plan, prepared.study);
}

base::Result<void> start_study(const StudyRequest& request, const SessionOptions& options) {
  TOKAMARK_TRY(PreparedStudy prepared, prepare(request));
  TOKAMARK_TRY_VOID(check_schedules(prepared));
  TOKAMARK_TRY_VOID(check_launch_lines(prepared.study));
  prepared.rule = options.checks;
  const fs::path root = results_root(prepared, options.output);
  TOKAMARK_TRY_VOID(check_machine(prepared, root, screen_of(options.json)));
  TOKAMARK_TRY(run::ResultsFolder folder, make_results_folder(request.text, prepared, prepared.plan,
                                                              root, options.command_line));
  TOKAMARK_TRY_VOID(folder.write_text(kInvocation, to_json(request).dump(2) + "\n"));
  return play(prepared, folder, {options.exports, options.json, options.budget_s});
}

base::Result<void> resume_study(const fs::path& root, Exports exports, CheckRule checks) {
  TOKAMARK_TRY(run::ResultsFolder folder, run::ResultsFolder::open(root));
  TOKAMARK_TRY_VOID(folder.lock());
  TOKAMARK_TRY(const StudyRequest request, request_from(folder));
  TOKAMARK_TRY(PreparedStudy prepared, prepare(request));
  prepared.rule = checks;
  TOKAMARK_TRY_VOID(check_machine(prepared, root, stdout));
  return play(prepared, folder, {exports, "", {}});
}

}  // namespace tokamark::cli
