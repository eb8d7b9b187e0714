#pragma once

#include <string>
#include <vector>

#include "comparison/comparison.h"

namespace tokamark::report {

/// Comparisons of one pair of engines as a table: how each number of `a` changed against `b`.
struct ChangeTable {
  std::string a, b;
  std::vector<std::vector<std::string>> rows;  ///< cells as `change_columns`; raw text
  std::vector<std::string> notes;              ///< reasons and caveats, each once
};

/// Workload, load, metric, b, a, change, 95 % interval, R, verdict. The verdict is "better",
/// "worse", "=" (equivalent) or "~" (not resolved).
const std::vector<std::string>& change_columns();

/// One table a pair, in the order of the comparisons. Only `metrics`, or, when that is empty, the
/// primary ones and those with a value.
std::vector<ChangeTable> change_tables(const std::vector<comparison::Comparison>& comparisons,
                                       const std::vector<std::string>& metrics);

/// For a terminal, and for a pull request. `simulated` stamps both.
std::string change_text(const std::vector<ChangeTable>& tables, bool simulated);
std::string change_markdown(const std::vector<ChangeTable>& tables, bool simulated);

}  // namespace tokamark::report
