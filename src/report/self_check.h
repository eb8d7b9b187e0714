#pragma once

#include <vector>

#include "record/result.h"
#include "report/rows.h"
#include "report/table.h"

namespace tokamark::report {

/// How good the measuring program itself was: each check with its limit, the worst value of all
/// trials, the trial it is of, and whether it passed. Pass and fail are the verdicts' own; a check
/// that no trial has a value for says so.
Table self_check_table(const record::StudyResult& result);

/// What became of the requests, and the tokens that server and client counted, for each engine at
/// each load: sums over all trials.
Table request_table(const record::StudyResult& result, const std::vector<WorkloadRows>& workloads);

/// Every trial: verdict, asked and achieved load, counts, latencies, client and server.
Table run_table(const record::StudyResult& result);

}  // namespace tokamark::report
