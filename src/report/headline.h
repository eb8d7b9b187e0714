#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report/rows.h"

namespace tokamark::report {

enum class Align { left, right };

struct HeadlineColumn {
  std::string group;  ///< "TTFT ms", or empty
  std::string name;   ///< "p50"
  Align align = Align::right;
};

struct HeadlineCell {
  std::string text;
  std::optional<double> number;  ///< to sort by; empty for text and for missing numbers
};

/// The table that the terminal, summary.md and report.html all show, so that they cannot differ.
/// Texts are raw: each writer escapes them its own way.
struct Headline {
  std::vector<HeadlineColumn> columns;
  std::vector<std::vector<HeadlineCell>> rows;  ///< as WorkloadRows::rows
};

Headline make_headline(const WorkloadRows& workload);

/// One sentence that says what the numbers of the table are.
std::string headline_legend(const std::vector<WorkloadRows>& workloads);

}  // namespace tokamark::report
