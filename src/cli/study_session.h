#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "probe/check.h"
#include "study/study.h"

namespace tokamark::cli {

/// Path of the override that --prompts stands for: the prompts file of every workload.
inline constexpr const char* kPromptsOverride = "workloads.*.prompts";

/// A study as the user asked for it; stored as invocation.json, so that --resume can ask again.
struct StudyRequest {
  std::string file;  ///< for messages
  std::string text;
  std::filesystem::path folder;  ///< relative paths in the study start here
  std::vector<study::Override> overrides;
  std::vector<std::string> engines;  ///< keep only these; empty = all
};

enum class Exports { none, vllm };
Exports parse_export(const std::string& name);

/// What is done about checks that are errors.
enum class CheckRule { refuse, ignore };

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
