#include "cli/prepared_study.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/clock.h"
#include "base/files.h"
#include "doctor/doctor.h"
#include "doctor/findings_text.h"
#include "engine/engine.h"
#include "run/manifest.h"

namespace tokamark::cli {

namespace {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;
using nlohmann::json;

bool any_simulated(const study::Study& study) {
  return std::any_of(study.engines.begin(), study.engines.end(),
                     [](const auto& engine) { return engine.kind == "simulated"; });
}

}  // namespace

base::Result<StudyRequest> read_request(const std::string& file) {
  StudyRequest request;
  request.file = file;
  TOKAMARK_TRY(request.text, base::read_file(file, ErrorKind::study));
  request.folder = fs::absolute(fs::path(file)).parent_path();
  return request;
}

base::Result<std::vector<study::Override>> parse_overrides(const std::vector<std::string>& set,
                                                           const std::string& prompts) {
  std::vector<study::Override> list;
  for (const std::string& text : set) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Error{ErrorKind::usage,
                   "--set " + text + ": write PATH=VALUE, as in --set window.seconds=4"};
    }
    list.push_back({text.substr(0, equals), text.substr(equals + 1)});
  }
  if (!prompts.empty()) list.push_back({kPromptsOverride, fs::absolute(prompts).string()});
  return list;
}

base::Result<PreparedStudy> prepare(const StudyRequest& request) {
  // --prompts reaches into every workload, however many there are.
  std::vector<study::Override> overrides;
  std::string prompts;
  for (const study::Override& change : request.overrides) {
    if (change.path == kPromptsOverride) {
      prompts = change.value;
    } else {
      overrides.push_back(change);
    }
  }
  PreparedStudy prepared;
  TOKAMARK_TRY(prepared.study,
               study::parse_study(request.text, request.file, request.folder, overrides));
  if (!prompts.empty()) {
    TOKAMARK_TRY_VOID(study::use_prompts(prepared.study, prompts));
  }
  TOKAMARK_TRY(prepared.plan, study::make_plan(prepared.study, request.engines));
  return prepared;
}

base::Result<void> check_launch_lines(const study::Study& study) {
  for (const engine::EngineSpec& spec : study.engines) {
    const auto command = engine::launch_command(spec, study.model);
    if (command.has_error() && command.error().kind == ErrorKind::study) return command.error();
  }
  return base::ok();
}

base::Result<void> check_schedules(const PreparedStudy& prepared) {
  for (const study::EngineVisit& visit : prepared.plan.visits) {
    for (const study::PlannedTrial& trial : visit.trials) {
      if (trial.repeat > 1) continue;
      TOKAMARK_TRY(const auto schedule, study::make_schedule(prepared.study, trial));
      static_cast<void>(schedule);
    }
  }
  return base::ok();
}

base::Result<void> check_machine(PreparedStudy& prepared, const fs::path& results, std::FILE* out) {
  prepared.checks = doctor::examine(prepared.study, prepared.plan, results);
  auto refused = doctor::refuse(prepared.checks);
  if (refused.has_value() || prepared.rule == CheckRule::ignore) return base::ok();
  std::vector<probe::Check> wrong;
  std::copy_if(prepared.checks.begin(), prepared.checks.end(), std::back_inserter(wrong),
               [](const auto& check) { return check.status >= probe::CheckStatus::warning; });
  fmt::print(out, "{}", doctor::page(wrong));
  std::fflush(out);  // before an error line on the other stream
  return Error{refused.error().kind,
               refused.error().message + "; or run it all the same with --ignore-checks"};
}

fs::path results_root(const PreparedStudy& prepared, const fs::path& output) {
  if (!output.empty()) return output;
  return fs::path("results") / (prepared.study.name + "-" + base::utc_now_compact());
}

base::Result<run::ResultsFolder> make_results_folder(const std::string& text,
                                                     const PreparedStudy& prepared,
                                                     const study::Plan& plan, const fs::path& root,
                                                     const std::vector<std::string>& command_line) {
  run::StudyInputs inputs;
  inputs.study_text = text;
  inputs.study = study::to_json(prepared.study);
  inputs.plan = study::to_json(plan, prepared.study);
  inputs.plan["trial_ids"] = json::array();
  for (const study::EngineVisit& visit : plan.visits) {
    for (const study::PlannedTrial& trial : visit.trials) {
      inputs.plan["trial_ids"].push_back(trial.id);
    }
  }
  inputs.manifest = run::make_manifest(command_line);
  inputs.manifest["simulated"] = any_simulated(prepared.study);
  inputs.manifest["checks"] = probe::to_json(prepared.checks)["checks"];
  inputs.manifest["checks_ignored"] = prepared.rule == CheckRule::ignore;
  return run::ResultsFolder::create(root, inputs);
}

}  // namespace tokamark::cli
