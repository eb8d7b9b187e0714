#pragma once

#include <string>
#include <vector>

#include "report/rows.h"
#include "report/table.h"

namespace tokamark::report {

/// The results of one workload: a row for each of `workload.rows`, in their order.
Table make_headline(const WorkloadRows& workload);

/// One sentence that says what the numbers of the table are.
std::string headline_legend(const std::vector<WorkloadRows>& workloads);

}  // namespace tokamark::report
