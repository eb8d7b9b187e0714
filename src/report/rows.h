#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "record/result.h"
#include "report/quantity.h"

namespace tokamark::report {

/// One quantity over the runs of a row: the median over runs, and every run's value. Empty when
/// any run lacks it, for a median over the rest would hide that.
struct Cell {
  std::optional<double> median;
  std::string reason;        ///< set when `median` is empty
  std::vector<double> runs;  ///< by repeat
};

/// The larger of the memory peaks over runs, and which memory that is.
struct MemoryPeak {
  std::optional<std::int64_t> bytes;
  const char* kind = "";  ///< "VRAM" or "RSS"
  std::string reason;     ///< set when `bytes` is empty
};

/// One engine at one load of one workload. Points into the StudyResult it was made from.
struct Row {
  std::string workload;
  std::string engine;
  workload::LoadShape load;
  std::vector<const record::TrialResult*> trials;  ///< all, by repeat
  /// What the numbers come from: the valid trials, or, when there is none, all.
  std::vector<const record::TrialResult*> used;
  bool comparable = false;    ///< at least one trial is valid
  std::int64_t requests = 0;  ///< measured requests of the used trials
  std::int64_t failures = 0;  ///< failed or timed out, in all trials
  std::array<Cell, kQuantities.size()> cells;
  MemoryPeak memory;

  [[nodiscard]] const Cell& cell(Quantity quantity) const {
    return cells[static_cast<std::size_t>(quantity)];
  }
};

/// The rows of one workload, by load, then by engine in the study's order: rivals lie together.
struct WorkloadRows {
  std::string workload;
  std::vector<Row> rows;
  bool simulated = false;  ///< as the study
};

/// The study's results as rows; every table and chart is made from these. The result must outlive
/// them.
std::vector<WorkloadRows> make_rows(const record::StudyResult& result);

/// How many GPUs the engine of the row uses, where its facts tell.
std::optional<double> gpu_count(const Row& row);

/// Names of the engines that have trials, in the study's order.
std::vector<std::string> engine_names(const record::StudyResult& result);

/// The most repeats (blocks) that any row has, and the most runs, of which a repeat may have
/// several.
std::size_t repeats(const std::vector<WorkloadRows>& workloads);
std::size_t runs(const std::vector<WorkloadRows>& workloads);

/// "valid", "invalid: errors", "incomplete: interrupted", or "5 of 6 valid: errors": with the codes
/// of the trials that are not valid.
std::string verdict_text(const Row& row);

/// Why cells are empty: each reason once, with the columns and rows it holds for.
std::vector<std::string> missing_notes(const WorkloadRows& workload);

/// `study.name`, or "study".
std::string study_name(const record::StudyResult& result);

/// A text under a path of keys, or empty.
std::string text_at(const nlohmann::json& json, std::initializer_list<const char*> path);

}  // namespace tokamark::report
