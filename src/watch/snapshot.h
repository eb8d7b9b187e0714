#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/process_identity.h"
#include "record/progress.h"
#include "record/result.h"

namespace tokamark::watch {

/// What became of a study.
enum class State {
  running,
  finished,     ///< measured to its end; its exit code says whether every trial is valid
  failed,       ///< an engine failed, or results could not be written
  interrupted,  ///< stopped by the user, or its process is gone
};

/// What is shown of a trial that has ended. Texts are cut to a bounded length.
struct FinishedTrial {
  std::string id, engine, workload;
  std::string load;  ///< LoadShape::label()
  std::string verdict;
  std::vector<std::pair<std::string, std::string>> codes;  ///< code and evidence
  std::int64_t succeeded = 0, failed = 0;
  std::optional<double> output_tokens_per_s, ttft_p50_ms, ttft_p99_ms, tpot_p50_ms, lateness_p99_ms;
};

/// Where a study stands.
struct Snapshot {
  std::string study, model, hardware;
  bool simulated = false;
  State state = State::running;
  std::optional<int> exit_code;  ///< what `tokamark run` ended with or, killed, would have
  std::string message;           ///< how it ended; or why less than wished is known while it runs
  std::optional<record::Progress> progress;             ///< empty: a folder without progress.json
  double age_s = 0.0;                                   ///< since `progress` was written
  std::int64_t valid = 0, invalid = 0, incomplete = 0;  ///< trials in the folder
  std::int64_t planned = 0;                             ///< by plan.json
};

FinishedTrial finished_trial(const record::TrialResult& trial);

/// Settles `state`, `exit_code` and `message` from the rest and from whether the process that
/// wrote `progress` still runs.
void settle(Snapshot& snapshot, base::Liveness liveness);

/// The data of the events that a watch server sends, and the way back. Errors of the way back have
/// kind `network`: what sent them is no tokamark of this version.
nlohmann::json to_json(const FinishedTrial& trial);
nlohmann::json to_json(const Snapshot& snapshot);
base::Result<FinishedTrial> finished_trial_from_json(const nlohmann::json& json);
base::Result<Snapshot> snapshot_from_json(const nlohmann::json& json);

const char* to_word(State state);
const std::vector<State>& all_states();

}  // namespace tokamark::watch
