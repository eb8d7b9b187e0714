#include "run/capacity_runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "capacity/overload.h"
#include "run/engine_host.h"
#include "workload/lengths.h"

namespace tokamark::run {

namespace {

using base::Error;
using base::ErrorKind;
using capacity::End;

double value_of(const workload::LoadShape& load) {
  return load.kind == workload::LoadKind::open ? load.rate_per_s : load.concurrency;
}

workload::LoadShape with_value(workload::LoadShape load, double value) {
  if (load.kind == workload::LoadKind::open) {
    load.rate_per_s = value;
  } else {
    load.concurrency = static_cast<std::uint32_t>(std::lround(value));
  }
  return load;
}

capacity::SearchRule rule_for(const study::Study& study, const CapacityAsk& ask) {
  capacity::SearchRule rule;
  rule.goal = ask.goal;
  rule.tolerance = ask.tolerance;
  rule.most_runs = ask.most_runs;
  rule.least = ask.least;
  rule.most = ask.most;
  for (const workload::LoadShape& load : study.loads) rule.levels.push_back(value_of(load));
  if (study.loads.front().kind == workload::LoadKind::open) return rule;
  rule.grid = capacity::Grid::whole;
  // A window with fewer requests than the concurrency never reaches it.
  if (study.window.requests > 0) {
    const double greatest = *std::max_element(rule.levels.begin(), rule.levels.end());
    rule.most = std::min(rule.most.value_or(greatest * capacity::kReach),
                         static_cast<double>(study.window.requests));
  }
  return rule;
}

/// What a trial says to the search; empty = it tells nothing. Failed requests miss the SLO, and few
/// requests only widen the interval, so neither makes the attainment wrong.
std::optional<capacity::Outcome> outcome_of(const record::TrialResult& trial) {
  const auto told = [](const record::VerdictCode& code) {
    return code.code == "unstable" || code.code == "errors" || code.code == "too_few_requests";
  };
  const bool usable = trial.verdict != record::Verdict::incomplete &&
                      std::all_of(trial.codes.begin(), trial.codes.end(), told);
  if (!usable || !trial.metrics.slo_attainment || trial.counts.scheduled < 1) return std::nullopt;
  const bool unstable = std::any_of(trial.codes.begin(), trial.codes.end(),
                                    [](const auto& code) { return code.code == "unstable"; });
  return capacity::Outcome{*trial.metrics.slo_attainment,
                           static_cast<std::size_t>(trial.counts.scheduled), unstable};
}

std::string codes_of(const record::TrialResult& trial) {
  std::vector<std::string> codes;
  for (const record::VerdictCode& code : trial.codes) codes.push_back(code.code);
  return codes.empty() ? "no attainment" : fmt::format("{}", fmt::join(codes, ", "));
}

class CapacityRunner {
 public:
  CapacityRunner(const study::Study& study, const CapacityAsk& ask, ResultsFolder& folder,
                 const std::atomic<bool>& stop, Observer& observer)
      : study_(study),
        ask_(ask),
        folder_(folder),
        stop_(stop),
        observer_(observer),
        host_(study, folder, stop, observer) {}

  base::Result<CapacityOutcome> run(const study::Plan& plan) {
    for (const study::EngineVisit& visit : plan.visits) {
      if (stop_) break;
      if (visit.repeat > 1) continue;
      const engine::EngineSpec& spec = study_.engines[visit.engine];
      auto engine = host_.start(spec, visit.repeat);
      if (!engine.has_value()) {
        if (engine.error().kind != ErrorKind::interrupted)
          host_.fail(spec.name, engine.error().message);
        continue;
      }
      played_.visits.push_back({visit.repeat, visit.engine, {}});
      const auto done = search_all(visit.engine, *engine.value());
      host_.stop(*engine.value(), spec.name);
      if (!done.has_value()) return done.error();
    }
    outcome_.interrupted = stop_;
    TOKAMARK_TRY(outcome_.engine_failures, host_.finish());
    return outcome_;
  }

 private:
  base::Result<void> search_all(std::size_t engine_index, engine::RunningEngine& engine) {
    for (std::size_t w = 0; w < study_.workloads.size(); ++w) {
      CapacitySearchResult found;
      found.engine = study_.engines[engine_index].name;
      found.workload = study_.workloads[w].name;
      found.kind = study_.loads.front().kind;
      found.rule = rule_for(study_, ask_);
      outcome_.found.push_back(std::move(found));
      TOKAMARK_TRY_VOID(search(engine_index, w, engine));
      if (stop_ || engine.ended()) break;
    }
    return base::ok();
  }

  base::Result<void> search(std::size_t engine_index, std::size_t workload,
                            engine::RunningEngine& engine) {
    capacity::CapacitySearch search(outcome_.found.back().rule);
    const base::TimePoint start = std::chrono::steady_clock::now();
    while (const auto load = search.next()) {
      const double spent_s = base::to_seconds(std::chrono::steady_clock::now() - start);
      if (stop_) {
        search.stop(End::stopped);
      } else if (ask_.most_s && spent_s >= *ask_.most_s) {
        search.stop(End::budget);
      } else {
        auto& ids = outcome_.found.back().trials[*load];
        const study::Turn turn{1, static_cast<std::uint32_t>(ids.size() + 1)};
        const auto trial = study::make_trial(study_, turn, engine_index, workload,
                                             with_value(study_.loads.front(), *load));
        ids.push_back(trial.id);
        TOKAMARK_TRY_VOID(play(trial, engine, search));
      }
      keep(search);
      TOKAMARK_TRY_VOID(write());
    }
    keep(search);
    observer_.on_message(fmt::format("{}, {}: {}", outcome_.found.back().engine,
                                     outcome_.found.back().workload,
                                     capacity_text(outcome_.found.back())));
    return write();
  }

  /// One run, and what it says to the search.
  base::Result<void> play(const study::PlannedTrial& trial, engine::RunningEngine& engine,
                          capacity::CapacitySearch& search) {
    played_.visits.back().trials.push_back(trial);
    TOKAMARK_TRY_VOID(write());
    bool overloaded = false;
    auto watch = watch_for(trial);
    observer_.on_trial_starting(trial, search.runs() + 1, ask_.most_runs);
    const auto summary = host_.run(
        trial, engine, [&](double elapsed_s, bool measuring, const load::LiveStats& live) {
          observer_.on_trial_running(trial, progress(search, elapsed_s, measuring), live);
          const auto in_flight = live.in_flight.load(std::memory_order_relaxed);
          overloaded = watch.add(elapsed_s, in_flight);
          return overloaded ? fmt::format(
                                  "overloaded: {} requests in flight, more than twice what "
                                  "the SLO allows at this rate",
                                  in_flight)
                            : std::string();
        });
    if (!summary.has_value()) return give_up(summary.error(), search);
    observer_.on_trial_finished(summary.value(), search.runs() + 1, ask_.most_runs);
    if (const auto ended = engine.ended()) {
      host_.fail(outcome_.found.back().engine, *ended);
      note(search, End::stopped, *ended);
    } else if (const auto outcome = outcome_of(summary.value())) {
      search.add(*outcome);
    } else if (overloaded) {
      search.add(
          {0.0,
           static_cast<std::size_t>(std::max<std::int64_t>(summary.value().counts.scheduled, 1)),
           true});
    } else if (stop_) {
      search.stop(End::stopped);
    } else {
      search.add_invalid();
      observer_.on_message(
          fmt::format("{} tells nothing of the capacity: {}", trial.id, codes_of(summary.value())));
    }
    return base::ok();
  }

  /// A trial that could not be run ends the search; the folder's errors end everything.
  base::Result<void> give_up(const Error& error, capacity::CapacitySearch& search) {
    if (error.kind == ErrorKind::output) return error;
    if (stop_) {
      search.stop(End::stopped);
    } else if (error.kind == ErrorKind::study) {
      note(search, End::unmeasured, error.message);
    } else {
      host_.fail(outcome_.found.back().engine, error.message);
      note(search, End::stopped, error.message);
    }
    return base::ok();
  }

  void note(capacity::CapacitySearch& search, End end, const std::string& why) {
    search.stop(end);
    outcome_.found.back().note = why;
  }

  [[nodiscard]] capacity::OverloadWatch watch_for(const study::PlannedTrial& trial) const {
    if (trial.load.kind == workload::LoadKind::closed) {
      return capacity::OverloadWatch(std::nullopt);
    }
    const study::WorkloadSpec& workload = study_.workloads[trial.workload];
    capacity::RequestLimits limits{study_.slo.ttft_ms, study_.slo.tpot_ms, study_.slo.e2e_ms, 0};
    // A prompts file may ask for other lengths; then nothing but E2E bounds a request here.
    if (workload.prompts.empty()) {
      limits.most_output_tokens = workload::greatest_length(workload.output_tokens);
    }
    const auto longest_s = capacity::longest_good_request_s(limits);
    if (!longest_s) return capacity::OverloadWatch(std::nullopt);
    return capacity::OverloadWatch(trial.load.rate_per_s * *longest_s);
  }

  [[nodiscard]] TrialProgress progress(const capacity::CapacitySearch& search, double elapsed_s,
                                       bool measuring) const {
    TrialProgress p;
    p.number = search.runs() + 1;
    p.total = ask_.most_runs;
    p.elapsed_s = elapsed_s;
    p.expected_s = study_.window.warmup_s + study_.window.seconds;
    p.left_s = std::max(0.0, p.expected_s - elapsed_s);
    p.measuring = measuring;
    return p;
  }

  void keep(const capacity::CapacitySearch& search) {
    outcome_.found.back().answer = search.answer();
    outcome_.found.back().levels = search.levels();
  }

  base::Result<void> write() {
    auto plan = study::to_json(played_, study_);
    plan["trial_ids"] = nlohmann::json::array();
    for (const study::EngineVisit& visit : played_.visits) {
      for (const study::PlannedTrial& trial : visit.trials) plan["trial_ids"].push_back(trial.id);
    }
    TOKAMARK_TRY_VOID(folder_.write_text("plan.json", plan.dump(2) + "\n"));
    return folder_.write_text("capacity.json",
                              capacity_json(study_, ask_, outcome_.found).dump(2) + "\n");
  }

  const study::Study& study_;
  const CapacityAsk& ask_;
  ResultsFolder& folder_;
  const std::atomic<bool>& stop_;
  Observer& observer_;
  EngineHost host_;
  study::Plan played_;  ///< what was run, as it grows
  CapacityOutcome outcome_;
};

}  // namespace

base::Result<void> check_capacity(const study::Study& study, const CapacityAsk& ask) {
  if (study.slo.empty()) {
    return Error{ErrorKind::study,
                 "a capacity needs an slo: give the study one, or --set slo.ttft_ms=1000"};
  }
  const capacity::SearchRule rule = capacity::completed(rule_for(study, ask));
  if (*rule.least > *rule.most) {
    return Error{
        ErrorKind::usage,
        fmt::format("no load is left to try: the least allowed is {}, the greatest {}; see "
                    "--least, --most and window.requests",
                    *rule.least, *rule.most)};
  }
  return base::ok();
}

base::Result<CapacityOutcome> find_capacities(const study::Study& study, const study::Plan& plan,
                                              const CapacityAsk& ask, ResultsFolder& folder,
                                              const std::atomic<bool>& stop, Observer& observer) {
  return CapacityRunner(study, ask, folder, stop, observer).run(plan);
}

}  // namespace tokamark::run
