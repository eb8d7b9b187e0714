#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/process_identity.h"
#include "workload/schedule.h"

namespace tokamark::record {

/// Name of the file in a results folder that says where a study stands, and its layout's version.
inline constexpr const char* kProgressFile = "progress.json";
inline constexpr int kProgressSchema = 1;

/// What a study is doing.
enum class Step {
  preparing,        ///< between trials: cooling, checks, files
  starting_engine,  ///< until it has generated a token
  probing,          ///< the trial's checks, probes and calibration
  warmup,
  measuring,    ///< the window is open, or the last measured requests end
  summarising,  ///< the last trial is over, the summaries are written
  ended,
};

/// Whether the number of trials is fixed, or may turn out to be less.
enum class TotalKind { planned, at_most };

/// Live numbers of a trial since its load began, warm-up included: coarse, for people who watch.
struct LiveNumbers {
  std::int64_t in_flight = 0, succeeded = 0, failed = 0, output_tokens = 0;
  std::optional<double> output_tokens_per_s;       ///< over about the last second
  std::optional<double> ttft_p50_ms, ttft_p99_ms;  ///< in steps of 9 %
};

/// The trial that runs or is about to.
struct RunningTrial {
  std::string id, engine, workload;
  workload::LoadShape load;
  std::uint32_t repeat = 1, run = 1;
  std::int64_t number = 0;          ///< 1-based among all trials
  double elapsed_s = 0.0;           ///< since its load began
  double least_s = 0.0;             ///< warm-up and window at the least
  std::optional<LiveNumbers> live;  ///< empty until its load began
};

/// The whole of progress.json (docs/RESULT_FORMAT.md). Nothing in it is a result.
struct Progress {
  bool simulated = false;
  base::ProcessIdentity process;
  std::string started_utc, updated_utc;  ///< of this process, by the wall clock
  double elapsed_s = 0.0;                ///< since this process began the study
  Step step = Step::preparing;
  double step_elapsed_s = 0.0;
  std::string engine;           ///< being started or measured; empty = none
  std::string engine_log_line;  ///< the last one while it starts
  std::int64_t trials_done = 0, trials_total = 0;
  TotalKind total_is = TotalKind::planned;
  std::optional<double> left_least_s;  ///< windows alone; empty = not known
  std::optional<double> left_s;        ///< at the pace of the trials so far; empty = not known
  std::optional<RunningTrial> trial;
  std::vector<std::string> messages;  ///< the newest warnings and failures, oldest first
  std::optional<int> exit_code;       ///< set once the study has ended
  std::string message;                ///< the line it ended with, or empty
};

/// JSON with the names of docs/RESULT_FORMAT.md. Text in it is valid UTF-8.
nlohmann::json to_json(const Progress& progress);
/// The inverse; errors have kind `study` and name the field. Unknown fields are ignored.
base::Result<Progress> progress_from_json(const nlohmann::json& json);

const char* to_word(Step step);
/// Every step, in the order above.
const std::vector<Step>& all_steps();

}  // namespace tokamark::record
