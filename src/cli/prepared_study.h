#pragma once

#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"
#include "probe/check.h"
#include "run/results_folder.h"
#include "study/plan.h"
#include "study/study.h"

namespace tokamark::cli {

/// Path of the override that --prompts stands for: the prompts file of every workload.
inline constexpr const char* kPromptsOverride = "workloads.*.prompts";

/// Printed when the user stops a study.
inline constexpr const char* kStoppingText =
    "\ntokamark: stopping: writing what was measured and stopping engines (once more to stop at "
    "once)\n";

/// A study as the user asked for it; stored as invocation.json, so that --resume can ask again.
struct StudyRequest {
  std::string file;  ///< for messages
  std::string text;
  std::filesystem::path folder;  ///< relative paths in the study start here
  std::vector<study::Override> overrides;
  std::vector<std::string> engines;  ///< keep only these; empty = all
};

/// What is done about checks that are errors.
enum class CheckRule { refuse, ignore };

/// A parsed study with its plan, and what was found of the machine.
struct PreparedStudy {
  study::Study study;
  study::Plan plan;
  std::vector<probe::Check> checks;
  CheckRule rule = CheckRule::refuse;
};

/// Reads the file of a request. Kind `study` when it cannot be read.
base::Result<StudyRequest> read_request(const std::string& file);

/// Each "PATH=VALUE" of --set, and --prompts where that is not empty. Kind `usage`.
base::Result<std::vector<study::Override>> parse_overrides(const std::vector<std::string>& set,
                                                           const std::string& prompts);

/// Parses the study, applies its overrides and expands it.
base::Result<PreparedStudy> prepare(const StudyRequest& request);

/// What contradicts itself in the engines' launch lines, said before anything starts; what is
/// missing on this machine is a check of its own.
base::Result<void> check_launch_lines(const study::Study& study);

/// Makes the schedules of one repeat: a prompts file that cannot be read is found now, not after
/// the first engine has started.
base::Result<void> check_schedules(const PreparedStudy& prepared);

/// Looks at the machine before anything is started or written; kind `study` when it is unfit, and
/// what is wrong is printed to `out`.
base::Result<void> check_machine(PreparedStudy& prepared, const std::filesystem::path& results,
                                 std::FILE* out);

/// `output`, or results/<study>-<UTC time> where that is empty.
std::filesystem::path results_root(const PreparedStudy& prepared,
                                   const std::filesystem::path& output);

/// A new results folder that holds the study, this plan and the manifest.
base::Result<run::ResultsFolder> make_results_folder(const std::string& text,
                                                     const PreparedStudy& prepared,
                                                     const study::Plan& plan,
                                                     const std::filesystem::path& root,
                                                     const std::vector<std::string>& command_line);

}  // namespace tokamark::cli
