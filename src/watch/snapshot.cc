#include "watch/snapshot.h"

#include <algorithm>
#include <cmath>

#include "record/json_text.h"
#include "report/text.h"

namespace tokamark::watch {

namespace {

using base::ErrorKind;
using nlohmann::json;

constexpr std::size_t kLongestText = 300;
constexpr std::size_t kMostCodes = 12;
/// Without a sign of life for so long, a process that cannot be looked for is said to be silent.
constexpr double kSilent_s = 30.0;

std::string cut(const std::string& text) {
  return report::shorten(record::valid_utf8(text), kLongestText);
}

json or_null(const std::optional<double>& value) {
  return value && std::isfinite(*value) ? json(*value) : json(nullptr);
}

std::optional<double> number_at(const json& object, const char* key) {
  const json& value = object.at(key);
  if (value.is_null()) return std::nullopt;
  return value.get<double>();
}

/// What JSON of another shape is.
base::Error no_event(const char* what) {
  return {ErrorKind::network,
          std::string("an event is not one of a tokamark watch server: ") + what};
}

bool everything_there(const Snapshot& snapshot) {
  return snapshot.valid + snapshot.invalid + snapshot.incomplete >= snapshot.planned;
}

/// A folder of a version that wrote no progress.json, or whose file is gone.
void settle_without_progress(Snapshot& snapshot) {
  if (!everything_there(snapshot)) {
    snapshot.state = State::interrupted;
    snapshot.exit_code = base::exit_code(ErrorKind::interrupted);
    snapshot.message = "no progress.json tells of a run, and trials are missing";
    return;
  }
  snapshot.state = State::finished;
  const bool good = snapshot.invalid + snapshot.incomplete == 0;
  snapshot.exit_code = good ? 0 : base::exit_code(ErrorKind::measurement);
}

void settle_ended(Snapshot& snapshot, const record::Progress& progress) {
  const int code = *progress.exit_code;
  snapshot.exit_code = code;
  snapshot.message = progress.message;
  snapshot.state = code == base::exit_code(ErrorKind::interrupted)   ? State::interrupted
                   : code == 0                                       ? State::finished
                   : code == base::exit_code(ErrorKind::measurement) ? State::finished
                                                                     : State::failed;
}

}  // namespace

FinishedTrial finished_trial(const record::TrialResult& trial) {
  FinishedTrial out;
  out.id = cut(trial.id);
  out.engine = cut(trial.engine);
  out.workload = cut(trial.workload);
  out.load = trial.load.label();
  out.verdict = record::to_word(trial.verdict);
  for (const record::VerdictCode& code : trial.codes) {
    if (out.codes.size() == kMostCodes) break;
    out.codes.emplace_back(cut(code.code), cut(code.evidence));
  }
  out.succeeded = trial.counts.succeeded;
  out.failed = trial.counts.failed + trial.counts.timed_out;
  out.output_tokens_per_s = trial.metrics.output_tokens_per_s;
  out.ttft_p50_ms = trial.metrics.ttft_ms.p50;
  out.ttft_p99_ms = trial.metrics.ttft_ms.p99;
  out.tpot_p50_ms = trial.metrics.tpot_ms.p50;
  out.lateness_p99_ms = trial.client.lateness_ms.p99;
  return out;
}

void settle(Snapshot& snapshot, base::Liveness liveness) {
  snapshot.exit_code.reset();
  snapshot.message.clear();
  if (!snapshot.progress) return settle_without_progress(snapshot);
  const record::Progress& progress = *snapshot.progress;
  snapshot.simulated = snapshot.simulated || progress.simulated;
  if (progress.exit_code) return settle_ended(snapshot, progress);
  snapshot.state = State::running;
  if (liveness == base::Liveness::ended) {
    snapshot.state = State::interrupted;
    snapshot.exit_code = base::exit_code(ErrorKind::interrupted);
    snapshot.message = "the process of the run is gone; continue with: tokamark run --resume DIR";
  } else if (liveness == base::Liveness::unknown && snapshot.age_s > kSilent_s) {
    snapshot.message =
        "no news, and whether the run still lives cannot be seen from this machine or container";
  }
}

json to_json(const FinishedTrial& trial) {
  json codes = json::array();
  for (const auto& [code, evidence] : trial.codes) {
    codes.push_back({{"code", code}, {"evidence", evidence}});
  }
  return record::clean_json({{"id", trial.id},
                             {"engine", trial.engine},
                             {"workload", trial.workload},
                             {"load", trial.load},
                             {"verdict", trial.verdict},
                             {"codes", codes},
                             {"succeeded", trial.succeeded},
                             {"failed", trial.failed},
                             {"output_tokens_per_s", or_null(trial.output_tokens_per_s)},
                             {"ttft_p50_ms", or_null(trial.ttft_p50_ms)},
                             {"ttft_p99_ms", or_null(trial.ttft_p99_ms)},
                             {"tpot_p50_ms", or_null(trial.tpot_p50_ms)},
                             {"lateness_p99_ms", or_null(trial.lateness_p99_ms)}});
}

base::Result<FinishedTrial> finished_trial_from_json(const json& object) {
  FinishedTrial trial;
  try {
    object.at("id").get_to(trial.id);
    object.at("engine").get_to(trial.engine);
    object.at("workload").get_to(trial.workload);
    object.at("load").get_to(trial.load);
    object.at("verdict").get_to(trial.verdict);
    for (const json& code : object.at("codes")) {
      trial.codes.emplace_back(code.at("code").get<std::string>(),
                               code.at("evidence").get<std::string>());
    }
    object.at("succeeded").get_to(trial.succeeded);
    object.at("failed").get_to(trial.failed);
    trial.output_tokens_per_s = number_at(object, "output_tokens_per_s");
    trial.ttft_p50_ms = number_at(object, "ttft_p50_ms");
    trial.ttft_p99_ms = number_at(object, "ttft_p99_ms");
    trial.tpot_p50_ms = number_at(object, "tpot_p50_ms");
    trial.lateness_p99_ms = number_at(object, "lateness_p99_ms");
  } catch (const json::exception& e) {
    return no_event(e.what());
  }
  return trial;
}

json to_json(const Snapshot& snapshot) {
  return record::clean_json(
      {{"study", cut(snapshot.study)},
       {"model", cut(snapshot.model)},
       {"hardware", cut(snapshot.hardware)},
       {"simulated", snapshot.simulated},
       {"state", to_word(snapshot.state)},
       {"exit_code", snapshot.exit_code ? json(*snapshot.exit_code) : json(nullptr)},
       {"message", snapshot.message},
       {"progress", snapshot.progress ? record::to_json(*snapshot.progress) : json(nullptr)},
       {"age_s", std::round(snapshot.age_s)},
       {"valid", snapshot.valid},
       {"invalid", snapshot.invalid},
       {"incomplete", snapshot.incomplete},
       {"planned", snapshot.planned}});
}

base::Result<Snapshot> snapshot_from_json(const json& object) {
  Snapshot snapshot;
  try {
    object.at("study").get_to(snapshot.study);
    object.at("model").get_to(snapshot.model);
    object.at("hardware").get_to(snapshot.hardware);
    object.at("simulated").get_to(snapshot.simulated);
    const auto word = object.at("state").get<std::string>();
    const auto& states = all_states();
    const auto found = std::find_if(states.begin(), states.end(),
                                    [&](State state) { return word == to_word(state); });
    if (found == states.end()) return no_event("its state is none that this version knows");
    snapshot.state = *found;
    if (!object.at("exit_code").is_null()) snapshot.exit_code = object.at("exit_code").get<int>();
    object.at("message").get_to(snapshot.message);
    if (!object.at("progress").is_null()) {
      TOKAMARK_TRY(snapshot.progress, record::progress_from_json(object.at("progress")));
    }
    object.at("age_s").get_to(snapshot.age_s);
    object.at("valid").get_to(snapshot.valid);
    object.at("invalid").get_to(snapshot.invalid);
    object.at("incomplete").get_to(snapshot.incomplete);
    object.at("planned").get_to(snapshot.planned);
  } catch (const json::exception& e) {
    return no_event(e.what());
  }
  return snapshot;
}

const char* to_word(State state) {
  switch (state) {
    case State::finished:
      return "finished";
    case State::failed:
      return "failed";
    case State::interrupted:
      return "interrupted";
    case State::running:
      break;
  }
  return "running";
}

const std::vector<State>& all_states() {
  static const std::vector<State> states{State::running, State::finished, State::failed,
                                         State::interrupted};
  return states;
}

}  // namespace tokamark::watch
