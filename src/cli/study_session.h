#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "cli/prepared_study.h"
#include "probe/check.h"

namespace tokamark::cli {

enum class Exports { none, vllm };
Exports parse_export(const std::string& name);

struct SessionOptions {
  std::filesystem::path output;  ///< empty = results/<study>-<UTC time>
  Exports exports = Exports::none;
  std::string json;  ///< file for a copy of results.json, "-" = standard output, empty = none
  CheckRule checks = CheckRule::refuse;
  /// Time for the whole study, in seconds, that decides how many blocks there are (cli/budget.h);
  /// empty = the study's repeats.
  std::optional<double> budget_s;
  std::vector<std::string> command_line;
};

/// Parses, runs, summarises and prints a study. The error's kind is the exit code: `measurement`
/// when a trial is not valid, `engine` when an engine failed.
base::Result<void> start_study(const StudyRequest& request, const SessionOptions& options);
base::Result<void> resume_study(const std::filesystem::path& folder, Exports exports,
                                CheckRule checks);

/// Every check of this machine against the study; nothing is started.
base::Result<std::vector<probe::Check>> examine_for(const StudyRequest& request);

/// The --dry-run text.
base::Result<std::string> describe(const StudyRequest& request);

}  // namespace tokamark::cli
