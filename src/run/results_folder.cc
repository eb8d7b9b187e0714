#include "run/results_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <mutex>
#include <optional>

#include "advice/recommend.h"
#include "analysis/fairness.h"
#include "analysis/verdict.h"
#include "base/files.h"
#include "base/parallel.h"
#include "comparison/comparison.h"
#include "detail/compute.h"
#include "record/request_file.h"

namespace tokamark::run {

namespace {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;
using nlohmann::json;

constexpr const char* kStudyText = "study.yaml";
constexpr const char* kStudy = "study.json";
constexpr const char* kPlan = "plan.json";
constexpr const char* kManifest = "manifest.json";
constexpr const char* kFailures = "failures.json";

std::string pretty(const json& value) {
  return value.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

Error system_error(const std::string& what, const fs::path& path, int code) {
  return Error{ErrorKind::output, what + " " + path.string() + ": " + std::strerror(code)};
}

/// Writes the files of one trial into a folder.
base::Result<void> write_files(const fs::path& folder, const TrialOutput& trial) {
  TOKAMARK_TRY_VOID(base::make_folder(folder));
  TOKAMARK_TRY_VOID(record::write_compressed(folder / "schedule.jsonl.zst", trial.schedule_text));
  TOKAMARK_TRY_VOID(record::write_compressed(folder / "telemetry.jsonl.zst", trial.telemetry_text));
  TOKAMARK_TRY_VOID(record::write_request_file(folder / "requests.jsonl.zst", trial.records));
  TOKAMARK_TRY_VOID(
      base::write_file_atomic(folder / "facts.json", pretty(analysis::to_json(trial.facts))));
  return record::write_trial_file(folder / "summary.json",
                                  analysis::analyse(trial.facts, trial.records));
}

}  // namespace

base::Result<ResultsFolder> ResultsFolder::create(const fs::path& root, const StudyInputs& inputs) {
  std::error_code code;
  if (fs::exists(root, code) && !fs::is_directory(root, code)) {
    return Error{ErrorKind::output, root.string() + " is a file; give --output a folder"};
  }
  if (fs::exists(root, code) && !fs::is_empty(root, code)) {
    return Error{ErrorKind::output, root.string() +
                                        " is not empty; choose another --output, or continue "
                                        "the study in it with --resume " +
                                        root.string()};
  }
  TOKAMARK_TRY_VOID(base::make_folder(root));
  ResultsFolder folder(root);
  TOKAMARK_TRY_VOID(folder.lock());
  TOKAMARK_TRY_VOID(base::make_folder(root / "trials"));
  TOKAMARK_TRY_VOID(base::make_folder(root / "logs"));
  TOKAMARK_TRY_VOID(folder.write_text(kStudyText, inputs.study_text));
  TOKAMARK_TRY_VOID(folder.write_text(kStudy, pretty(inputs.study)));
  TOKAMARK_TRY_VOID(folder.write_text(kManifest, pretty(inputs.manifest)));
  TOKAMARK_TRY_VOID(folder.write_text(kPlan, pretty(inputs.plan)));
  return folder;
}

base::Result<ResultsFolder> ResultsFolder::open(const fs::path& root) {
  std::error_code code;
  if (!fs::is_regular_file(root / kPlan, code)) {
    return Error{ErrorKind::usage, root.string() + " is not a results folder: it has no " + kPlan +
                                       "; give the folder that `tokamark run` printed"};
  }
  return ResultsFolder(root);
}

ResultsFolder::ResultsFolder(ResultsFolder&& other) noexcept
    : root_(std::move(other.root_)), lock_(std::exchange(other.lock_, -1)) {}

ResultsFolder::~ResultsFolder() {
  if (lock_ >= 0) ::close(lock_);
}

base::Result<void> ResultsFolder::lock() {
  const fs::path path = root_ / ".lock";
  lock_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (lock_ < 0) return system_error("cannot create", path, errno);
  if (::flock(lock_, LOCK_EX | LOCK_NB) != 0) {
    return Error{ErrorKind::output, "another tokamark is running a study in " + root_.string() +
                                        "; wait for it, or choose another --output"};
  }
  return base::ok();
}

fs::path ResultsFolder::engine_log(const std::string& engine, std::uint32_t repeat) const {
  return root_ / "logs" / ("r" + std::to_string(repeat) + "-" + engine + ".log");
}

fs::path ResultsFolder::trial_folder(const std::string& id) const { return root_ / "trials" / id; }

bool ResultsFolder::has_complete_trial(const std::string& id) const {
  const auto facts = read_facts(id);
  return facts.has_value() && facts.value().stopped.empty();
}

base::Result<void> ResultsFolder::set_aside(const std::string& id) const {
  const fs::path place = trial_folder(id);
  std::error_code code;
  if (!fs::exists(place, code)) return base::ok();
  const fs::path aside = root_ / "superseded";
  TOKAMARK_TRY_VOID(base::make_folder(aside));
  int number = 1;
  while (fs::exists(aside / (id + "-" + std::to_string(number)), code)) ++number;
  fs::rename(place, aside / (id + "-" + std::to_string(number)), code);
  if (code) return system_error("cannot move", place, code.value());
  return base::ok();
}

base::Result<void> ResultsFolder::write_trial(const TrialOutput& trial) {
  const fs::path place = trial_folder(trial.facts.id);
  const fs::path making = root_ / "trials" / ("." + trial.facts.id + ".part");
  std::error_code code;
  fs::remove_all(making, code);
  const auto written = write_files(making, trial);
  if (!written.has_value()) {
    fs::remove_all(making, code);
    return written.error();
  }
  TOKAMARK_TRY_VOID(base::sync_folder(making));
  TOKAMARK_TRY_VOID(set_aside(trial.facts.id));
  fs::rename(making, place, code);
  if (code) return system_error("cannot move", making, code.value());
  return base::sync_folder(root_ / "trials");
}

base::Result<json> ResultsFolder::read_json(const std::string& name) const {
  TOKAMARK_TRY(const std::string text, read_text(name));
  json value = json::parse(text, nullptr, false);
  if (value.is_discarded()) {
    return Error{ErrorKind::study, (root_ / name).string() +
                                       " is not JSON; it was changed or "
                                       "cut after tokamark wrote it"};
  }
  return value;
}

base::Result<std::string> ResultsFolder::read_text(const std::string& name) const {
  return base::read_file(root_ / name, ErrorKind::study);
}

base::Result<void> ResultsFolder::write_text(const std::string& name,
                                             const std::string& text) const {
  return base::write_file_atomic(root_ / name, text);
}

base::Result<void> ResultsFolder::write_failures(const std::vector<std::string>& failures) {
  std::error_code code;
  if (failures.empty() && !fs::exists(root_ / kFailures, code)) return base::ok();
  return write_text(kFailures, pretty(failures));
}

base::Result<analysis::TrialFacts> ResultsFolder::read_facts(const std::string& id) const {
  TOKAMARK_TRY(const json facts, read_json("trials/" + id + "/facts.json"));
  return analysis::facts_from_json(facts);
}

base::Result<std::vector<record::RequestRecord>> ResultsFolder::read_records(
    const std::string& id) const {
  return record::read_request_file(trial_folder(id) / "requests.jsonl.zst");
}

base::Result<record::StudyResult> ResultsFolder::rebuild() const {
  const auto read_trial =
      [this](const analysis::TrialFacts& facts) -> base::Result<record::TrialResult> {
    TOKAMARK_TRY(const std::vector<record::RequestRecord> records, read_records(facts.id));
    return analysis::analyse(facts, records);
  };
  return assemble(read_trial, base::worker_count());
}

base::Result<Rebuilt> ResultsFolder::rebuild_with_detail() const {
  Rebuilt rebuilt;
  std::mutex adding;
  const auto read_trial =
      [&](const analysis::TrialFacts& facts) -> base::Result<record::TrialResult> {
    TOKAMARK_TRY(const std::vector<record::RequestRecord> records, read_records(facts.id));
    const auto text = record::read_compressed(trial_folder(facts.id) / "telemetry.jsonl.zst");
    auto trial = detail::compute(facts, records, text.has_value() ? text.value() : std::string());
    {
      const std::lock_guard lock(adding);
      rebuilt.detail[facts.id] = std::move(trial);
    }
    return analysis::analyse(facts, records);
  };
  TOKAMARK_TRY(rebuilt.result, assemble(read_trial, base::worker_count()));
  return rebuilt;
}

base::Result<record::StudyResult> ResultsFolder::summarised() const {
  const auto read_trial = [this](const analysis::TrialFacts& facts) {
    return record::read_trial_file(trial_folder(facts.id) / "summary.json");
  };
  return assemble(read_trial, 1);  // a study may be running beside it
}

base::Result<record::StudyResult> ResultsFolder::assemble(const ReadTrial& read_trial,
                                                          std::size_t threads) const {
  record::StudyResult result;
  TOKAMARK_TRY(result.study, read_json(kStudy));
  TOKAMARK_TRY(result.manifest, read_json(kManifest));
  TOKAMARK_TRY(const json plan, read_json(kPlan));
  result.simulated = result.manifest.value("simulated", false);
  std::vector<analysis::TrialFacts> trials;
  result.manifest["trials_missing"] = json::array();
  result.manifest["engine_failures"] = json::array();
  std::error_code absent;
  if (fs::exists(root_ / kFailures, absent)) {
    TOKAMARK_TRY(result.manifest["engine_failures"], read_json(kFailures));
  }
  for (const json& id : plan.value("trial_ids", json::array())) {
    const auto name = id.get<std::string>();
    std::error_code code;
    if (!fs::is_directory(trial_folder(name), code)) {
      result.manifest["trials_missing"].push_back(name);
      continue;
    }
    TOKAMARK_TRY(trials.emplace_back(), read_facts(name));
  }
  std::vector<std::optional<base::Result<record::TrialResult>>> read(trials.size());
  base::for_each_index(trials.size(), threads,
                       [&](std::size_t i) { read[i].emplace(read_trial(trials[i])); });
  analysis::Thresholds limits;
  for (std::size_t i = 0; i < trials.size(); ++i) {
    const auto& facts = trials[i];
    TOKAMARK_TRY(result.trials.emplace_back(), std::move(*read[i]));
    limits = facts.validity;  // one study has one set of limits
    result.simulated = result.simulated || facts.engine_info.value("simulated", false);
    nlohmann::json& engine = result.manifest["engines"][facts.engine];
    engine = facts.engine_info;
    engine.erase("counters_before");  // of one trial, not of the engine
    engine.erase("counters_after");
    engine.erase("greedy");
  }
  analysis::judge_clocks(result.trials, limits);
  result.fairness = analysis::judge_fairness(result);
  comparison::add_comparisons(result);
  result.recommendations = advice::recommend(result);
  if (!result.trials.empty()) {
    result.manifest["validity_changed"] = analysis::changed_thresholds(limits);
  }
  result.manifest["simulated"] = result.simulated;
  return result;
}

}  // namespace tokamark::run
