#include "comparison/conditions.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "comparison/ratio.h"
#include "stats/student.h"

namespace tokamark::comparison {

namespace {

using nlohmann::json;

/// MLPerf TEST09: mean output length within 10 % of the reference's, where models stop themselves.
constexpr double kNaturalLengthShare = 0.10;
/// Where the length is asked for, totals may differ by this (methodology M8).
constexpr double kExactLengthShare = 0.01;

json engine_spec(const record::StudyResult& result, const std::string& engine) {
  if (!result.study.is_object()) return json::object();
  for (const json& spec : result.study.value("engines", json::array())) {
    if (spec.is_object() && spec.value("name", "") == engine) return spec;
  }
  return json::object();
}

bool natural_length(const record::StudyResult& result, const std::string& workload) {
  if (!result.study.is_object()) return false;
  for (const json& spec : result.study.value("workloads", json::array())) {
    if (spec.is_object() && spec.value("name", "") == workload) {
      return spec.value("output_rule", "exact") == "natural";
    }
  }
  return false;
}

/// Output tokens a request that succeeded, over all trials.
std::optional<double> mean_length(const EngineTrials& trials) {
  double tokens = 0.0, requests = 0.0;
  for (const record::TrialResult* trial : trials.trials) {
    tokens += static_cast<double>(trial->counts.output_tokens);
    requests += static_cast<double>(trial->counts.succeeded);
  }
  return requests > 0.0 ? std::optional<double>(tokens / requests) : std::nullopt;
}

/// With lengths drawn at random, a faster engine gets further in the same schedule, so that means
/// differ by chance: only the lengths that were asked for at the same place can be compared, and
/// each trial's own code unequal_output does that. Means are compared where every answer has the
/// same length, or where the model decides.
bool fixed_length(const record::StudyResult& result, const std::string& workload) {
  if (!result.study.is_object()) return false;
  for (const json& spec : result.study.value("workloads", json::array())) {
    if (spec.is_object() && spec.value("name", "") == workload) {
      return spec.value("output_tokens", json()).is_number();
    }
  }
  return false;
}

/// The fairness table's entry for the arm of these engines; null where there is none.
json arm_entry(const record::StudyResult& result, const std::string& arm) {
  if (!result.fairness.is_object()) return nullptr;
  for (const json& entry : result.fairness.value("arms", json::array())) {
    if (entry.value("arm", "") == arm) return entry;
  }
  return nullptr;
}

std::vector<std::string> settings_of(const json& arm, const char* standing) {
  std::vector<std::string> names;
  for (const json& row : arm.value("settings", json::array())) {
    if (row.value("standing", "") == standing && row.value("decides", true)) {
      names.push_back(row.value("name", ""));
    }
  }
  return names;
}

void add_fairness(const record::StudyResult& result, const std::string& arm_name,
                  Conditions& conditions) {
  const json arm = arm_entry(result, arm_name);
  if (!arm.is_object()) return;
  if (arm.value("verdict", "") == "unequal") {
    conditions.refusal = fmt::format("the engines differ, unmeant, in {}",
                                     fmt::join(settings_of(arm, "different"), ", "));
    return;
  }
  const auto add = [&](const char* standing, const char* text) {
    const auto names = settings_of(arm, standing);
    if (!names.empty())
      conditions.caveats.push_back(fmt::format("{}: {}", text, fmt::join(names, ", ")));
  };
  add("intended", "different, as intended");
  add("as_shipped", "different by the engines' own defaults");
  add("unknown", "not known to be equal");
}

/// Several trials whose first and last quarters differ the same way were not steady (M14).
void add_drift(const EngineTrials& trials, Conditions& conditions) {
  std::vector<double> drifts;
  for (const record::TrialResult* trial : trials.trials) {
    if (trial->checks.tpot_drift_log) drifts.push_back(*trial->checks.tpot_drift_log);
  }
  if (drifts.size() < kLeastForVerdict) return;
  const auto found = stats::t_interval(drifts);
  if (!found || found->p > kLargestP || std::abs(found->mean) < kMaterialShare) return;
  conditions.caveats.push_back(
      fmt::format("not steady: TPOT of {} {} by {:.0f} % from the first to the last quarter of the "
                  "window",
                  trials.engine, found->mean > 0.0 ? "fell" : "rose",
                  100.0 * std::abs(std::expm1(-found->mean))));
}

}  // namespace

std::string unequal_lengths(const record::StudyResult& result, const EngineTrials& a,
                            const EngineTrials& b) {
  const bool natural = natural_length(result, a.workload);
  if (!natural && !fixed_length(result, a.workload)) return {};
  const auto length_a = mean_length(a);
  const auto length_b = mean_length(b);
  if (!length_a || !length_b) return {};
  const double limit = natural ? kNaturalLengthShare : kExactLengthShare;
  if (std::abs(*length_a - *length_b) <= limit * std::max(*length_a, *length_b)) return {};
  return fmt::format(
      "unequal work: {} gave {:.1f} output tokens a request, {} {:.1f} (limit {:.0f} %)", a.engine,
      *length_a, b.engine, *length_b, 100.0 * limit);
}

std::string arm_of(const record::StudyResult& result, const std::string& engine) {
  const json arms = engine_spec(result, engine).value("arms", json::array());
  return arms.is_array() && !arms.empty() && arms.front().is_string()
             ? arms.front().get<std::string>()
             : "";
}

Conditions conditions_of(const record::StudyResult& result, const EngineTrials& a,
                         const EngineTrials& b) {
  Conditions conditions;
  add_fairness(result, arm_of(result, a.engine), conditions);
  if (conditions.refusal.empty()) conditions.refusal = unequal_lengths(result, a, b);
  for (const EngineTrials* trials : {&a, &b}) {
    if (engine_spec(result, trials->engine).value("kind", "") == "openai") {
      conditions.caveats.push_back(
          trials->engine +
          " was attached and not started anew in each block: what differs from "
          "start to start is not in the interval");
    }
    add_drift(*trials, conditions);
  }
  return conditions;
}

}  // namespace tokamark::comparison
