#pragma once

#include <string>
#include <vector>

#include "detail/detail.h"
#include "figures/figures.h"
#include "record/result.h"

namespace tokamark::page {

/// report.html: one file that opens offline. Its content policy forbids every request and every
/// script but its own two, whose hashes it names. All text from outside is escaped. The same
/// result and detail give the same bytes: no date in it but the manifest's.
std::string report_html(const record::StudyResult& result, const detail::StudyDetail& detail);

/// The same with figures that were changed or added: a set for each workload, in the order of
/// report::make_rows.
struct PageInput {
  const record::StudyResult& result;
  const detail::StudyDetail& detail;
  std::vector<figures::FigureSet> figures;
};
std::string report_html(const PageInput& input);

/// The figures that the page shows when nothing changes them; by workload.
std::vector<figures::FigureSet> page_figures(const record::StudyResult& result,
                                             const detail::StudyDetail& detail);

}  // namespace tokamark::page
