#pragma once

#include <vector>

#include "detail/detail.h"
#include "record/result.h"
#include "report/rows.h"
#include "report/table.h"

namespace tokamark::report {

/// Every table of a report that has rows, in the page's order; ids differ.
std::vector<Table> study_tables(const record::StudyResult& result,
                                const detail::StudyDetail& detail);

/// Requests that did not end as asked, by kind, engine and load, over whole trials. Without rows
/// where there was none, and where no trial has detail.
Table error_table(const record::StudyResult& result, const std::vector<WorkloadRows>& workloads,
                  const detail::StudyDetail& detail);

}  // namespace tokamark::report
