#pragma once

#include <string>
#include <vector>

#include "record/result.h"
#include "report/rows.h"
#include "report/table.h"

namespace tokamark::report {

/// What share of its roofline an engine reached at one load: medians over the runs, as text.
struct SpeedRow {
  std::string workload, load, engine;
  std::string tpot, output, ttft;  ///< "43 %"; a dash where it is not known in every run
  std::string bound;               ///< "memory", "compute", or both where runs differ
  std::string verdict;             ///< of the row's runs
  bool not_valid = false;          ///< none of them is valid
  bool impossible = false;         ///< a share above 1
};

/// The table, and what is to be said of what is not in it.
struct SpeedOfLight {
  std::string title;  ///< says SIMULATED where that is so
  std::vector<SpeedRow> rows;
  bool simulated = false;
  std::vector<std::string> unknown;  ///< "Not known for vllm: ...", one for each reason
  [[nodiscard]] bool empty() const { return rows.empty() && unknown.empty(); }
};

/// Of the trials that the tables of `workloads`, the rows of `result`, are made of. Empty for
/// results of versions that did not look for a roofline.
SpeedOfLight speed_of_light(const record::StudyResult& result,
                            const std::vector<WorkloadRows>& workloads);

/// What the shares are; one sentence, and another where one is above 1.
std::string speed_sentence(const SpeedOfLight& speed);

/// The rows, with that sentence and what is not known as notes.
Table speed_table(const SpeedOfLight& speed);
/// One line a row, for a terminal.
std::vector<std::string> speed_lines(const SpeedOfLight& speed);

}  // namespace tokamark::report
