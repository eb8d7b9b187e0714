#include "comparison/across.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "comparison/conditions.h"
#include "comparison/differing_keys_internal.h"
#include "comparison/pair.h"
#include "comparison/series.h"

namespace tokamark::comparison {

namespace {

using nlohmann::json;

struct EnginePair {
  std::string base, other;
};

std::vector<EnginePair> pair_engines(const std::vector<std::string>& base,
                                     const std::vector<std::string>& other) {
  std::vector<EnginePair> pairs;
  for (const std::string& name : base) {
    if (std::find(other.begin(), other.end(), name) != other.end()) pairs.push_back({name, name});
  }
  if (pairs.empty() && base.size() == 1 && other.size() == 1) {
    pairs.push_back({base.front(), other.front()});
  }
  return pairs;
}

/// Names of engines that have trials.
std::vector<std::string> measured_engines(const record::StudyResult& result) {
  std::vector<std::string> names = engine_names(result);
  names.erase(std::remove_if(names.begin(), names.end(),
                             [&](const std::string& name) {
                               return std::none_of(
                                   result.trials.begin(), result.trials.end(),
                                   [&](const auto& trial) { return trial.engine == name; });
                             }),
              names.end());
  return names;
}

json named_entry(const record::StudyResult& result, const char* list, const std::string& name) {
  if (!result.study.is_object()) return nullptr;
  for (const json& entry : result.study.value(list, json::array())) {
    if (entry.is_object() && entry.value("name", "") == name) return entry;
  }
  return nullptr;
}

bool imported(const record::StudyResult& result) {
  return result.manifest.is_object() && result.manifest.contains("imported_from");
}

/// Other tools say only how many tokens there were; chat templates add a few to a prompt.
std::string unequal_tokens(const EngineTrials& a, const EngineTrials& b) {
  constexpr double kInputShare = 0.10, kOutputShare = 0.01;
  const auto per_request = [](const EngineTrials& trials, auto count) {
    double tokens = 0.0, requests = 0.0;
    for (const record::TrialResult* trial : trials.trials) {
      tokens += static_cast<double>(trial->counts.*count);
      requests += static_cast<double>(trial->counts.succeeded);
    }
    return requests > 0.0 ? tokens / requests : 0.0;
  };
  const auto differ = [](double x, double y, double share) {
    return std::abs(x - y) > share * std::max(x, y);
  };
  const double in_a = per_request(a, &record::TrialCounts::input_tokens);
  const double in_b = per_request(b, &record::TrialCounts::input_tokens);
  const double out_a = per_request(a, &record::TrialCounts::output_tokens);
  const double out_b = per_request(b, &record::TrialCounts::output_tokens);
  if (!differ(in_a, in_b, kInputShare) && !differ(out_a, out_b, kOutputShare)) return {};
  return fmt::format(
      "unequal work: {:.0f} and {:.0f} input, {:.0f} and {:.0f} output tokens a "
      "request",
      in_a, in_b, out_a, out_b);
}

/// Why the two results did not ask for the same work; empty = they did.
std::string unequal_work(const Labelled& base, const Labelled& other, const std::string& workload) {
  const std::string in_workload = differing_keys(named_entry(base.result, "workloads", workload),
                                                 named_entry(other.result, "workloads", workload));
  if (!in_workload.empty()) {
    return fmt::format("unequal work: workload {} differs in {}", workload, in_workload);
  }
  const auto part = [](const record::StudyResult& result, const char* key) {
    return result.study.is_object() ? result.study.value(key, json::object()) : json::object();
  };
  for (const char* key : {"model", "window", "slo"}) {
    const std::string found = differing_keys(part(base.result, key), part(other.result, key));
    if (!found.empty()) return fmt::format("unequal work: {} differs in {}", key, found);
  }
  return {};
}

/// The machine's identity, as far as the manifest tells.
json machine_of(const record::StudyResult& result) {
  if (!result.manifest.is_object()) return nullptr;
  const json host = result.manifest.value("host", json::object());
  return {{"cpu", host.value("cpu", json())},
          {"cores", host.value("cores", json())},
          {"gpu", result.manifest.value("/gpu/devices"_json_pointer, json())}};
}

/// Settings in force that the two engines tell and that differ.
std::string differing_settings(const Labelled& base, const Labelled& other,
                               const EnginePair& pair) {
  const auto settings = [](const record::StudyResult& result, const std::string& engine) {
    const json engines = result.manifest.is_object()
                             ? result.manifest.value("engines", json::object())
                             : json::object();
    return engines.value(engine, json::object()).value("settings", json::object());
  };
  return differing_keys(settings(base.result, pair.base), settings(other.result, pair.other));
}

Conditions conditions_across(const Labelled& base, const Labelled& other, const EnginePair& pair,
                             const EngineTrials& a, const EngineTrials& b) {
  Conditions conditions;
  if (imported(base.result) || imported(other.result)) {
    conditions.refusal = unequal_tokens(a, b);
    conditions.caveats.emplace_back(
        "one is of another tool, whose latencies start at the send and leave failures out");
    return conditions;
  }
  conditions.refusal = unequal_work(base, other, a.workload);
  if (conditions.refusal.empty()) conditions.refusal = unequal_lengths(base.result, a, b);
  conditions.caveats.emplace_back(
      "the two were measured one after the other, so that drift of the machine is in the ratio");
  if (machine_of(base.result) != machine_of(other.result)) {
    conditions.caveats.emplace_back("measured on two machines, whose difference is in the ratio");
  }
  const std::string settings = differing_settings(base, other, pair);
  if (!settings.empty()) conditions.caveats.push_back("settings in force differ: " + settings);
  return conditions;
}

/// Files of other tools name no workload.
bool same_place(const EngineTrials& a, const EngineTrials& b, bool by_name) {
  return (!by_name || a.workload == b.workload) &&
         record::to_json(a.load) == record::to_json(b.load);
}

void compare_engine_pair(const Labelled& base, const Labelled& other, const EnginePair& pair,
                         std::vector<Pending>& pending) {
  const auto primary = primary_metrics(base.result);
  const bool by_name = !imported(base.result) && !imported(other.result);
  for (EngineTrials& a : group_trials(other.result, {pair.other})) {
    for (EngineTrials& b : group_trials(base.result, {pair.base})) {
      if (!same_place(a, b, by_name)) continue;
      const Conditions conditions = conditions_across(base, other, pair, a, b);
      a.engine = fmt::format("{} ({})", pair.other, other.label);
      b.engine = fmt::format("{} ({})", pair.base, base.label);
      for (const Metric& metric : all_metrics()) {
        if (!applies(metric, a.load)) continue;
        pending.push_back(compare_pair(metric, {a, price_of(other.result)},
                                       {b, price_of(base.result)}, conditions,
                                       Pairing::blocks_or_none));
        Pending& last = pending.back();
        last.comparison.primary =
            std::find(primary.begin(), primary.end(), metric.name) != primary.end();
        last.family = last.comparison.primary ? "primary" : "others";
      }
    }
  }
}

}  // namespace

base::Result<std::vector<Comparison>> compare_across(const Labelled& base, const Labelled& other) {
  const auto refuse = [&](const std::string& why) {
    return base::Error{base::ErrorKind::study, fmt::format("{} and {} cannot be compared: {}",
                                                           base.label, other.label, why)};
  };
  if (base.result.simulated != other.result.simulated) {
    return refuse("one is simulated and the other measured");
  }
  const auto engines_base = measured_engines(base.result);
  const auto engines_other = measured_engines(other.result);
  const auto pairs = pair_engines(engines_base, engines_other);
  if (pairs.empty()) {
    return refuse(fmt::format("they have no engine in common ({}; {})",
                              fmt::join(engines_base, ", "), fmt::join(engines_other, ", ")));
  }
  std::vector<Pending> pending;
  for (const EnginePair& pair : pairs) compare_engine_pair(base, other, pair, pending);
  if (pending.empty()) return refuse("they have no workload at the same load in common");
  decide(pending);
  std::vector<Comparison> comparisons;
  for (Pending& member : pending) comparisons.push_back(std::move(member.comparison));
  return comparisons;
}

}  // namespace tokamark::comparison
