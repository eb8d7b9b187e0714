#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "detail/detail.h"
#include "record/result.h"
#include "report/rows.h"
#include "report/table.h"

namespace tokamark::page {

/// What the sections of a page are made of.
struct Study {
  const record::StudyResult& result;
  const detail::StudyDetail& detail;
  const std::vector<report::WorkloadRows>& workloads;
  report::Swatches swatches;  ///< each engine's colour in the charts
};

/// One paragraph of raw text; `style` is a class.
std::string paragraph(std::string_view text, std::string_view style = "");
/// A list of raw sentences; empty without any.
std::string list_items(const std::vector<std::string>& sentences);
/// A table with its notes; with `title` a heading above.
std::string titled_table(const Study& study, const report::Table& table);
std::string table_with_notes(const Study& study, const report::Table& table);
/// The same; a long table in which nothing has an interval is folded away under `title`, and
/// `sentence` stands in its place.
std::string folded_without_intervals(const Study& study, const report::Table& table,
                                     std::string_view sentence, std::string_view title);
/// Folded away.
std::string folded(std::string_view title, const std::string& html);

/// Name, model, machine, SIMULATED banner, and the verdict strip.
std::string head_section(const Study& study);
/// The headline tables; says why there are none.
std::string slo_section(const Study& study);
std::string recommendation_section(const Study& study);
std::string comparison_section(const Study& study);
std::string fairness_section(const Study& study);
/// The table of each workload by load, with what is missing.
std::string results_section(const Study& study);
std::string speed_section(const Study& study);
/// Self-check, errors, tokens, repeats, verdict codes; always there. `charts` are its figures.
std::string honesty_section(const Study& study, const std::string& charts);
std::string run_section(const Study& study);
std::string method_section(const Study& study);

}  // namespace tokamark::page
