#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "analysis/trial_facts.h"
#include "base/error.h"
#include "detail/detail.h"
#include "record/request_record.h"
#include "record/result.h"

namespace tokamark::run {

/// What one finished trial leaves on disk.
struct TrialOutput {
  analysis::TrialFacts facts;
  std::vector<record::RequestRecord> records;
  std::string schedule_text;   ///< workload::Schedule::canonical_text()
  std::string telemetry_text;  ///< JSON lines
};

/// The text and JSON that a study starts with.
struct StudyInputs {
  std::string study_text;  ///< the study file as given
  nlohmann::json study;    ///< parsed, with defaults and overrides
  nlohmann::json plan;
  nlohmann::json manifest;
};

/// What a folder says, and the detail of its trials.
struct Rebuilt {
  record::StudyResult result;
  detail::StudyDetail detail;
};

/// One results folder (layout: docs/RESULT_FORMAT.md). A trial's folder is made beside its place
/// and renamed into it, so it is there whole or not at all. One process writes it at a time: a
/// lock file held for the object's life says so. Not thread-safe.
class ResultsFolder {
 public:
  /// A new folder; an existing one must be empty. Errors have kind `output` and name the path.
  static base::Result<ResultsFolder> create(const std::filesystem::path& root,
                                            const StudyInputs& inputs);
  /// An existing folder, to resume or to report.
  static base::Result<ResultsFolder> open(const std::filesystem::path& root);

  ResultsFolder(ResultsFolder&& other) noexcept;
  ResultsFolder& operator=(ResultsFolder&&) = delete;
  ~ResultsFolder();

  /// Refuses when another process runs a study in this folder; kind `output`.
  base::Result<void> lock();

  [[nodiscard]] const std::filesystem::path& root() const { return root_; }
  [[nodiscard]] std::filesystem::path engine_log(const std::string& engine,
                                                 std::uint32_t repeat) const;

  /// Whether the trial is there and need not run again. An incomplete one must.
  [[nodiscard]] bool has_complete_trial(const std::string& id) const;
  /// Says which engines failed, one line each, in place of what was said before.
  base::Result<void> write_failures(const std::vector<std::string>& failures);

  /// Writes a trial. An earlier, incomplete one is kept under superseded/.
  base::Result<void> write_trial(const TrialOutput& trial);

  /// Rebuilds the whole result from the raw files alone, in the order of the plan.
  [[nodiscard]] base::Result<record::StudyResult> rebuild() const;
  /// The same, and what charts need beyond it, in one pass. Trials are read by several threads
  /// (base::worker_count), so the records of so many are in memory at a time. A telemetry that is
  /// missing or damaged costs its series alone.
  [[nodiscard]] base::Result<Rebuilt> rebuild_with_detail() const;
  /// The same from the trials' summaries, without reading a record: quick, and of a study that
  /// still runs. Equal to `rebuild` once the summaries were written by the same version.
  [[nodiscard]] base::Result<record::StudyResult> summarised() const;
  /// The facts and records of one trial.
  [[nodiscard]] base::Result<analysis::TrialFacts> read_facts(const std::string& id) const;
  [[nodiscard]] base::Result<std::vector<record::RequestRecord>> read_records(
      const std::string& id) const;

  [[nodiscard]] base::Result<nlohmann::json> read_json(const std::string& name) const;
  [[nodiscard]] base::Result<std::string> read_text(const std::string& name) const;
  base::Result<void> write_text(const std::string& name, const std::string& text) const;

 private:
  explicit ResultsFolder(std::filesystem::path root) : root_(std::move(root)) {}
  [[nodiscard]] std::filesystem::path trial_folder(const std::string& id) const;
  using ReadTrial =
      std::function<base::Result<record::TrialResult>(const analysis::TrialFacts& facts)>;
  /// `read_trial` is called from so many threads.
  [[nodiscard]] base::Result<record::StudyResult> assemble(const ReadTrial& read_trial,
                                                           std::size_t threads) const;
  [[nodiscard]] base::Result<void> set_aside(const std::string& id) const;

  std::filesystem::path root_;
  int lock_ = -1;
};

}  // namespace tokamark::run
