#include "comparison/comparison.h"

#include <algorithm>

#include "comparison/conditions.h"
#include "comparison/estimate.h"
#include "comparison/pair.h"
#include "comparison/series.h"

namespace tokamark::comparison {

namespace {

bool same_place(const EngineTrials& a, const EngineTrials& b) {
  return a.workload == b.workload && record::to_json(a.load) == record::to_json(b.load);
}

}  // namespace

std::vector<std::string> primary_metrics(const record::StudyResult& result) {
  using nlohmann::json;
  const json study = result.study.is_object() ? result.study : json::object();
  const json declared = study.value("/comparison/primary"_json_pointer, json::array());
  std::vector<std::string> names;
  for (const json& name : declared) names.push_back(name.get<std::string>());
  if (!names.empty()) return names;
  names = {"output_tokens_per_s", "ttft_p50_ms", "tpot_p50_ms"};
  if (!study.value("slo", json::object()).empty()) names.emplace_back("goodput_requests_per_s");
  return names;
}

bool applies(const Metric& metric, const workload::LoadShape& load) {
  return load.kind == workload::LoadKind::closed || !metric.set_by_open_load;
}

StudyComparison compare_engines(const record::StudyResult& result) {
  StudyComparison found;
  const auto groups = group_trials(result, engine_names(result));
  const auto primary = primary_metrics(result);
  const auto price = price_of(result);
  std::vector<Pending> pending;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    for (const Metric& metric : all_metrics()) {
      found.estimates.push_back(
          make_estimate(groups[i], metric, make_series(groups[i], metric, price)));
    }
    for (std::size_t j = i + 1; j < groups.size(); ++j) {
      const EngineTrials& a = groups[i];
      const EngineTrials& b = groups[j];
      const std::string arm = arm_of(result, a.engine);
      if (!same_place(a, b) || arm != arm_of(result, b.engine)) continue;
      const Conditions conditions = conditions_of(result, a, b);
      for (const Metric& metric : all_metrics()) {
        if (!applies(metric, a.load)) continue;
        pending.push_back(
            compare_pair(metric, {a, price}, {b, price}, conditions, Pairing::blocks));
        Pending& last = pending.back();
        last.comparison.primary =
            std::find(primary.begin(), primary.end(), metric.name) != primary.end();
        last.family = arm + (last.comparison.primary ? "/primary" : "/others");
      }
    }
  }
  decide(pending);
  for (Pending& member : pending) found.comparisons.push_back(std::move(member.comparison));
  return found;
}

void add_comparisons(record::StudyResult& result) {
  const StudyComparison found = compare_engines(result);
  result.estimates = nlohmann::json::array();
  result.comparisons = nlohmann::json::array();
  for (const Estimate& estimate : found.estimates) result.estimates.push_back(to_json(estimate));
  for (const Comparison& comparison : found.comparisons) {
    result.comparisons.push_back(to_json(comparison));
  }
}

}  // namespace tokamark::comparison
