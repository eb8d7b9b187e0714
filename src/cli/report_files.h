#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "page/html.h"

namespace tokamark::cli {

/// What `tokamark report -o DIR` writes. `formats` are words of `report_formats()`.
struct ReportFileOptions {
  std::filesystem::path folder;
  std::set<std::string> formats;
  std::string theme = "paper";
  std::string size;  ///< empty: col2 on paper, else web
  std::filesystem::path own_figures;  ///< --figures; empty = none
};

/// "html", "svg", "pdf", "png", "md", "tex", "csv".
const std::vector<std::string>& report_formats();

/// Writes report.html, summary.md, citation.bib, tables/ and figures/ below `folder`, each file
/// whole or not at all; others that are there stay. The same input gives the same bytes. Returns
/// lines for people: what could not be drawn, and why. Errors: `output`; `study` for a figure of
/// the user's that is not a specification.
base::Result<std::vector<std::string>> write_report_files(const record::StudyResult& result,
                                                          const detail::StudyDetail& detail,
                                                          const ReportFileOptions& options);

}  // namespace tokamark::cli
