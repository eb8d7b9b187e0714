// The plan for people (--dry-run) and for programs (plan.json).
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <utility>

#include "engine/engine.h"
#include "study/plan.h"

namespace tokamark::study {

namespace {

using Json = nlohmann::json;

/// "1 h 02 min 03 s", "2 min 03 s" or "3 s".
std::string duration_text(double seconds) {
  const auto whole = static_cast<std::int64_t>(std::ceil(seconds));
  const std::int64_t hours = whole / 3600;
  const std::int64_t minutes = whole / 60 % 60;
  if (hours > 0) return fmt::format("{} h {:02} min {:02} s", hours, minutes, whole % 60);
  if (minutes > 0) return fmt::format("{} min {:02} s", minutes, whole % 60);
  return fmt::format("{} s", whole);
}

using Lines = std::back_insert_iterator<std::string>;

void describe_head(const Plan& plan, const Study& study, Lines out) {
  fmt::format_to(out, "study      {}\nmodel      {}\nseed       {}\n", study.name, study.model.name,
                 study.seed);
  fmt::format_to(out, "trials     {} (repeats: {}, engine starts: {})\n", plan.trial_count(),
                 study.repeats, plan.visits.size());
  const bool open = !study.loads.empty() && study.loads[0].kind == workload::LoadKind::open;
  fmt::format_to(out, "window     at least {} s", study.window.seconds);
  if (study.window.requests > 0) {
    fmt::format_to(out, " and {} requests, at most {} s", study.window.requests,
                   longest_window_s(study.window));
  }
  fmt::format_to(out, ", after a warm-up of at least {} s", study.window.warmup_s);
  if (study.window.warmup_requests) {
    fmt::format_to(out, " and {} requests", *study.window.warmup_requests);
  } else if (!open) {
    fmt::format_to(out, " and twice the concurrency in requests");
  }
  fmt::format_to(out,
                 "\nexpected   {} or more; engine starts and the end of each trial come on "
                 "top\n",
                 duration_text(plan.expected_seconds(study)));
}

base::Result<void> describe_engines(const Plan& plan, const Study& study, Lines out) {
  fmt::format_to(out, "\nengines\n");
  std::vector<bool> visited(study.engines.size(), false);
  for (const EngineVisit& visit : plan.visits) visited[visit.engine] = true;
  for (std::size_t i = 0; i < study.engines.size(); ++i) {
    if (!visited[i]) continue;
    const engine::EngineSpec& spec = study.engines[i];
    fmt::format_to(out, "  {} ({})\n", spec.name, spec.kind);
    auto command = engine::launch_command(spec, study.model);
    // A dry run answers "what would you do" even on a machine that lacks the engine.
    if (!command.has_value()) {
      fmt::format_to(out, "    cannot be started here: {}\n", command.error().message);
    } else if (command.value().argv.empty()) {
      fmt::format_to(out, "    attach to {}\n", spec.url);
    } else {
      fmt::format_to(out, "    {}\n", command.value().shell_line());
    }
  }
  return base::ok();
}

/// Requests of a schedule in words; every engine of a repeat plays the same one.
base::Result<std::string> requests_text(const Study& study, const PlannedTrial& trial) {
  TOKAMARK_TRY(const auto schedule, make_schedule(study, trial));
  if (trial.load.kind == workload::LoadKind::closed) {
    return fmt::format("{} requests, cycled", schedule.requests.size());
  }
  return fmt::format("{} requests over {}, the tail included", schedule.requests.size(),
                     duration_text(base::to_seconds(schedule.requests.back().offset)));
}

base::Result<void> describe_order(const Plan& plan, const Study& study, Lines out) {
  std::uint32_t repeat = 0;
  std::map<std::uint64_t, std::string> requests;  // by the seed of the trial
  for (const EngineVisit& visit : plan.visits) {
    if (visit.repeat != repeat) {
      repeat = visit.repeat;
      requests.clear();
      fmt::format_to(out, "\nrepeat {}\n", repeat);
    }
    fmt::format_to(out, "  start {}\n", study.engines[visit.engine].name);
    for (const PlannedTrial& trial : visit.trials) {
      if (requests.count(trial.seed) == 0) {
        TOKAMARK_TRY(auto text, requests_text(study, trial));
        requests.emplace(trial.seed, std::move(text));
      }
      fmt::format_to(out, "    {:<40} {}\n", trial.id, requests[trial.seed]);
    }
  }
  return base::ok();
}

Json trial_json(const PlannedTrial& trial, const Study& study) {
  Json load;
  if (trial.load.kind == workload::LoadKind::closed) {
    load = {{"kind", "closed"}, {"concurrency", trial.load.concurrency}};
  } else {
    load = {{"kind", "open"},
            {"rate_per_s", trial.load.rate_per_s},
            {"arrivals", workload::to_word(trial.load.arrivals)}};
    if (trial.load.arrivals == workload::Arrivals::gamma) load["gamma_cv"] = trial.load.gamma_cv;
  }
  return {{"id", trial.id},
          {"repeat", trial.repeat},
          {"engine", study.engines[trial.engine].name},
          {"workload", study.workloads[trial.workload].name},
          {"load", std::move(load)},
          {"seed", trial.seed}};
}

}  // namespace

Json to_json(const Plan& plan, const Study& study) {
  Json visits = Json::array();
  for (const EngineVisit& visit : plan.visits) {
    Json trials = Json::array();
    for (const PlannedTrial& trial : visit.trials) trials.push_back(trial_json(trial, study));
    visits.push_back({{"repeat", visit.repeat},
                      {"engine", study.engines[visit.engine].name},
                      {"trials", std::move(trials)}});
  }
  return {{"schema", 1},
          {"trial_count", plan.trial_count()},
          {"expected_s", plan.expected_seconds(study)},
          {"visits", std::move(visits)}};
}

base::Result<std::string> describe_plan(const Plan& plan, const Study& study) {
  std::string text;
  const Lines out(text);
  describe_head(plan, study, out);
  TOKAMARK_TRY_VOID(describe_engines(plan, study, out));
  TOKAMARK_TRY_VOID(describe_order(plan, study, out));
  return text;
}

}  // namespace tokamark::study
