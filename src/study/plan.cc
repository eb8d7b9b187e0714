#include "study/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <tuple>
#include <utility>

#include "base/rng.h"
#include "study/build.h"
#include "study/wording.h"

namespace tokamark::study {

namespace {

/// "c8" or "rate0.5": the load in a trial's id.
std::string load_id(const workload::LoadShape& load) {
  if (load.kind == workload::LoadKind::closed) return fmt::format("c{}", load.concurrency);
  return fmt::format("rate{}", load.rate_per_s);
}

/// Its own name, or the one that the study writes, which stands for all arms of the engine.
bool is_called(const engine::EngineSpec& spec, const std::string& name) {
  return spec.name == name || spec.name == name + "." + spec.arm;
}

base::Result<std::vector<std::size_t>> chosen_engines(const Study& study,
                                                      const std::vector<std::string>& only) {
  const auto& engines = study.engines;
  for (const std::string& name : only) {
    const bool there = std::any_of(engines.begin(), engines.end(),
                                   [&](const auto& spec) { return is_called(spec, name); });
    if (there) continue;
    std::vector<std::string> known;
    for (const engine::EngineSpec& spec : engines) known.push_back(spec.name);
    return base::Error{
        base::ErrorKind::usage,
        fmt::format("--engine {}: the study has no such engine{} It has: {}", name,
                    did_you_mean(name, known).empty() ? "." : did_you_mean(name, known),
                    listed(known))};
  }
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < engines.size(); ++i) {
    const bool wanted =
        only.empty() || std::any_of(only.begin(), only.end(), [&](const std::string& name) {
          return is_called(engines[i], name);
        });
    if (wanted) chosen.push_back(i);
  }
  return chosen;
}

std::vector<workload::LoadShape> ascending(std::vector<workload::LoadShape> loads) {
  std::stable_sort(loads.begin(), loads.end(), [](const auto& a, const auto& b) {
    return std::tie(a.kind, a.concurrency, a.rate_per_s) <
           std::tie(b.kind, b.concurrency, b.rate_per_s);
  });
  return loads;
}

/// The order of all engines of the study is drawn, and those not chosen are left out: a visit
/// keeps its place in the block whatever `--engine` says.
std::vector<std::size_t> block_order(const Study& study, std::uint32_t repeat) {
  std::vector<std::size_t> order(study.engines.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  base::Rng rng(base::derive_seed(study.seed, fmt::format("order/repeat={}", repeat)));
  for (std::size_t left = order.size(); left > 1; --left) {
    std::swap(order[left - 1], order[static_cast<std::size_t>(rng.below(left))]);
  }
  return order;
}

EngineVisit make_visit(const Study& study, std::uint32_t repeat, std::size_t engine) {
  EngineVisit visit;
  visit.repeat = repeat;
  visit.engine = engine;
  for (std::uint32_t run = 1; run <= study.runs_per_start; ++run) {
    for (std::size_t w = 0; w < study.workloads.size(); ++w) {
      for (const workload::LoadShape& load : ascending(study.loads)) {
        visit.trials.push_back(make_trial(study, {repeat, run}, engine, w, load));
      }
    }
  }
  return visit;
}

/// Names may hold '-', so two different trials can spell the same id.
base::Result<void> check_ids(const Plan& plan) {
  std::set<std::string> seen;
  for (const EngineVisit& visit : plan.visits) {
    for (const PlannedTrial& trial : visit.trials) {
      if (seen.insert(trial.id).second) continue;
      return base::Error{base::ErrorKind::study,
                         fmt::format("two trials would be called {}; rename an engine or a "
                                     "workload so that the names joined by '-' differ",
                                     trial.id)};
    }
  }
  return base::ok();
}

}  // namespace

PlannedTrial make_trial(const Study& study, Turn turn, std::size_t engine, std::size_t workload,
                        const workload::LoadShape& load) {
  const std::string& name = study.workloads[workload].name;
  const std::string again = turn.run > 1 ? fmt::format(".{}", turn.run) : "";
  PlannedTrial trial;
  trial.repeat = turn.repeat;
  trial.run = turn.run;
  trial.engine = engine;
  trial.workload = workload;
  trial.load = load;
  trial.id = fmt::format("r{}{}-{}-{}-{}", turn.repeat, again, study.engines[engine].name, name,
                         load_id(load));
  trial.seed = base::derive_seed(study.seed, fmt::format("repeat={}{}/workload={}/load={}",
                                                         turn.repeat, again, name, load.label()));
  return trial;
}

std::size_t Plan::trial_count() const {
  std::size_t count = 0;
  for (const EngineVisit& visit : visits) count += visit.trials.size();
  return count;
}

double Plan::expected_seconds(const Study& study) const {
  double seconds = 0.0;
  for (const EngineVisit& visit : visits) {
    for (const PlannedTrial& trial : visit.trials) {
      seconds += study.window.warmup_s + study.window.seconds;
      seconds += 2.0 * study.client.calibration_s;  // before and after
      if (trial.load.kind == workload::LoadKind::closed) continue;
      // An open load's request floors take a known time.
      const double floor_s = study.window.requests / trial.load.rate_per_s;
      seconds += std::clamp(floor_s - study.window.seconds, 0.0,
                            longest_window_s(study.window) - study.window.seconds);
    }
  }
  return seconds;
}

double longest_window_s(const WindowSpec& window) {
  constexpr double kDefaultFactor = 10.0;
  return window.max_seconds > 0.0 ? std::max(window.max_seconds, window.seconds)
                                  : kDefaultFactor * window.seconds;
}

base::Result<Plan> make_plan(const Study& study, const std::vector<std::string>& only_engines) {
  for (const workload::LoadShape& load : study.loads) {
    const std::string problem = level_problem(load, study.window);
    if (!problem.empty()) return base::Error{base::ErrorKind::study, problem};
  }
  TOKAMARK_TRY(const auto chosen, chosen_engines(study, only_engines));
  Plan plan;
  for (std::uint32_t repeat = 1; repeat <= study.repeats; ++repeat) {
    for (const std::size_t engine : block_order(study, repeat)) {
      if (std::find(chosen.begin(), chosen.end(), engine) == chosen.end()) continue;
      plan.visits.push_back(make_visit(study, repeat, engine));
    }
  }
  TOKAMARK_TRY_VOID(check_ids(plan));
  return plan;
}

}  // namespace tokamark::study
