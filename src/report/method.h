#pragma once

#include "record/result.h"
#include "report/table.h"

namespace tokamark::report {

/// How it was measured: versions, command, hardware, clocks, settings of the load, seed, prompts,
/// as far as the manifest and the study tell; what they do not tell is said.
Table method_table(const record::StudyResult& result);

}  // namespace tokamark::report
