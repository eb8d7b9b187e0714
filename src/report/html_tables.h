#pragma once

#include <string>
#include <vector>

#include "record/result.h"
#include "report/rows.h"

namespace tokamark::report {

/// The headline table of one workload, sortable by click; `engines` gives each engine its colour.
std::string headline_html(const WorkloadRows& workload, const std::vector<std::string>& engines);

/// One row a trial, with verdict, codes, counts and the client's own errors.
std::string trials_html(const record::StudyResult& result);

}  // namespace tokamark::report
