#pragma once

#include <cstdio>
#include <string>

#include "base/error.h"
#include "cli/study_session.h"
#include "record/result.h"
#include "run/results_folder.h"

namespace tokamark::cli {

/// Rebuilds the result from the raw records and writes every summary beside them: each trial's
/// summary.json, results.json, summary.md, report.html, and the exports asked for. The files
/// depend on the raw files alone.
base::Result<record::StudyResult> write_summaries(const run::ResultsFolder& folder,
                                                  Exports exports);

/// The table at the end of a run.
void print_table(std::FILE* out, const record::StudyResult& result);

/// A copy of results.json at `path`; "-" is standard output, "" is nowhere.
base::Result<void> copy_json(const record::StudyResult& result, const std::string& path);

}  // namespace tokamark::cli
