#include <fmt/format.h>

#include <algorithm>

#include "advice/cases.h"
#include "advice/wording.h"
#include "stats/quantile.h"

namespace tokamark::advice {

namespace {

using nlohmann::json;
using record::TrialResult;

/// The limit of a good share that goodput is defined with (DistServe; docs/METHODOLOGY.md).
constexpr double kLeastAttainment = 0.9;

/// The trials of one engine at one load of one workload.
struct Group {
  EngineCase place;
  std::vector<const TrialResult*> trials;
};

std::vector<Group> group_trials(const record::StudyResult& result) {
  std::vector<std::string> workloads;
  std::vector<std::string> engines;
  std::vector<Group> groups;
  const auto rank = [](std::vector<std::string>& names, const std::string& name) {
    const auto found = std::find(names.begin(), names.end(), name);
    const auto place = std::distance(names.begin(), found);
    if (found == names.end()) names.push_back(name);
    return place;
  };
  for (const TrialResult& trial : result.trials) {
    rank(workloads, trial.workload);
    rank(engines, trial.engine);
    const auto label = trial.load.label();
    auto group = std::find_if(groups.begin(), groups.end(), [&](const Group& g) {
      return g.place.engine == trial.engine && g.place.workload == trial.workload &&
             g.place.load.label() == label;
    });
    if (group == groups.end()) {
      groups.push_back(Group{{trial.engine, trial.workload, trial.load, {}}, {}});
      group = groups.end() - 1;
    }
    group->trials.push_back(&trial);
  }
  std::stable_sort(groups.begin(), groups.end(), [&](const Group& a, const Group& b) {
    const auto wa = rank(workloads, a.place.workload);
    const auto wb = rank(workloads, b.place.workload);
    if (wa != wb) return wa < wb;
    const auto ea = rank(engines, a.place.engine);
    const auto eb = rank(engines, b.place.engine);
    return ea != eb ? ea < eb : lighter(a.place.load, b.place.load);
  });
  return groups;
}

/// The median of numbers, or the one value that all have; nothing when any trial lacks it.
std::optional<Value> over_trials(const std::vector<json>& trials, std::string_view path) {
  std::vector<double> numbers;
  std::optional<Value> same;
  for (const json& trial : trials) {
    const auto value = value_under(trial, path);
    if (!value) return std::nullopt;
    if (const double* number = std::get_if<double>(&*value)) numbers.push_back(*number);
    if (same && same->index() != value->index()) return std::nullopt;
    if (same && numbers.empty() && *same != *value) return std::nullopt;
    same = value;
  }
  if (!numbers.empty()) return Value(stats::median(numbers));
  return same;
}

void add_trial_facts(const Group& group, Facts& facts) {
  std::vector<json> used;
  for (const TrialResult* trial : group.trials) {
    if (trial->verdict == record::Verdict::valid) used.push_back(record::to_json(*trial));
  }
  facts["valid"] = !used.empty();
  if (used.empty()) {
    for (const TrialResult* trial : group.trials) used.push_back(record::to_json(*trial));
  }
  for (const FactInfo& info : all_facts()) {
    if (info.path.empty()) continue;
    if (auto value = over_trials(used, info.path)) facts[std::string(info.name)] = *value;
  }
}

void add_ratio(Facts& facts, const char* name, const char* above, const char* below) {
  const auto top = number_of(facts, above);
  const auto bottom = number_of(facts, below);
  if (top && bottom && *bottom > 0.0) facts[name] = *top / *bottom;
}

void add_place(const record::StudyResult& result, const EngineCase& place, Facts& facts) {
  const bool closed = place.load.kind == workload::LoadKind::closed;
  facts["engine"] = place.engine;
  facts["workload"] = place.workload;
  facts["load"] = place.load.label();
  facts["load_kind"] = std::string(closed ? "closed" : "open");
  facts["is_single_stream"] = closed && place.load.concurrency == 1;
  if (const auto slo = slo_text(result); !slo.empty()) facts["slo"] = slo;
  const json* workloads = find_path(result.study, "workloads");
  for (std::size_t i = 0; workloads != nullptr && i < workloads->size(); ++i) {
    if (!workloads->is_array() || text_under((*workloads)[i], "name") != place.workload) continue;
    if (auto salted = value_under((*workloads)[i], "salt")) facts["workload_salted"] = *salted;
  }
  if (const json* estimate = find_estimate(result, place, "slo_attainment")) {
    if (const auto low = number_under(*estimate, "low")) facts["slo_attainment_low"] = *low;
  }
  add_ratio(facts, "in_flight_share", "in_flight_mean", "in_flight_asked");
  add_ratio(facts, "running_evenness", "requests_running_mean", "requests_running_peak");
  add_ratio(facts, "running_share", "requests_running_peak", "settings.max_sequences");
}

/// What one load says beside the next lower one of the same engine.
void add_growth(const EngineCase& before, EngineCase& here) {
  here.facts["previous_load"] = before.load.label();
  if (!is_true(before.facts, "valid") || !is_true(here.facts, "valid")) return;
  const auto grown = [&](const char* name) -> std::optional<double> {
    const auto from = number_of(before.facts, name);
    const auto to = number_of(here.facts, name);
    return from && to && *from > 0.0 ? std::optional<double>(*to / *from - 1.0) : std::nullopt;
  };
  if (const auto ttft = grown("ttft_p50_ms")) here.facts["ttft_growth"] = *ttft;
  const auto gain = grown("output_tokens_per_s");
  if (!gain || here.load.kind != workload::LoadKind::closed || before.load.concurrency == 0) return;
  const double load = static_cast<double>(here.load.concurrency) / before.load.concurrency - 1.0;
  here.facts["throughput_gain"] = *gain;
  if (load > 0.0) here.facts["throughput_gain_share"] = *gain / load;
}

/// Facts that need all loads of one engine and workload, ascending.
void add_series(std::vector<EngineCase>& cases, std::size_t begin, std::size_t end) {
  std::optional<double> best;
  bool known = true;
  bool within = true;
  std::size_t last_within = end;
  for (std::size_t i = begin; i < end; ++i) {
    Facts& facts = cases[i].facts;
    facts["is_lowest_load"] = i == begin;
    facts["is_highest_load"] = i + 1 == end;
    if (i > begin) add_growth(cases[i - 1], cases[i]);
    if (is_true(facts, "valid")) {
      const auto attained = number_of(facts, "slo_attainment");
      known = known && attained.has_value();
      if (attained) best = std::max(best.value_or(0.0), *attained);
    }
    within = within && number_of(facts, "slo_attainment_low").value_or(0.0) >= kLeastAttainment;
    if (within) last_within = i;
  }
  for (std::size_t i = begin; i < end; ++i) {
    if (known && best) cases[i].facts["best_slo_attainment"] = *best;
    cases[i].facts["is_highest_load_within_slo"] = i == last_within;
  }
}

}  // namespace

std::vector<EngineCase> engine_cases(const record::StudyResult& result) {
  std::vector<EngineCase> cases;
  for (Group& group : group_trials(result)) {
    add_trial_facts(group, group.place.facts);
    add_place(result, group.place, group.place.facts);
    cases.push_back(std::move(group.place));
  }
  std::size_t begin = 0;
  while (begin < cases.size()) {
    std::size_t end = begin;
    while (end < cases.size() && cases[end].engine == cases[begin].engine &&
           cases[end].workload == cases[begin].workload) {
      ++end;
    }
    add_series(cases, begin, end);
    begin = end;
  }
  return cases;
}

const json* find_estimate(const record::StudyResult& result, const EngineCase& place,
                          std::string_view metric) {
  if (!result.estimates.is_array()) return nullptr;
  const json load = record::to_json(place.load);
  for (const json& entry : result.estimates) {
    const json* its_load = find_path(entry, "load");
    if (its_load != nullptr && *its_load == load && text_under(entry, "metric") == metric &&
        text_under(entry, "engine") == place.engine &&
        text_under(entry, "workload") == place.workload) {
      return &entry;
    }
  }
  return nullptr;
}

std::vector<std::string> loads_of(const record::StudyResult& result, const std::string& workload) {
  std::vector<workload::LoadShape> loads;
  for (const TrialResult& trial : result.trials) {
    if (trial.workload == workload) loads.push_back(trial.load);
  }
  std::stable_sort(loads.begin(), loads.end(), lighter);
  std::vector<std::string> labels;
  for (const auto& load : loads) {
    if (labels.empty() || labels.back() != load.label()) labels.push_back(load.label());
  }
  return labels;
}

std::string slo_text(const record::StudyResult& result) {
  std::vector<std::string> limits;
  for (const auto& [key, words] :
       {std::pair("slo/ttft_ms", "TTFT"), std::pair("slo/tpot_ms", "TPOT"),
        std::pair("slo/e2e_ms", "E2E")}) {
    const auto limit = number_under(result.study, key);
    if (limit) limits.push_back(fmt::format("{} {:g} ms", words, *limit));
  }
  return list_text(limits);
}

}  // namespace tokamark::advice
