#include "advice/sample_for_tests.h"

#include <fmt/format.h>

namespace tokamark::advice {

namespace {

record::TrialResult quiet_trial(const std::string& engine, std::uint32_t concurrency) {
  record::TrialResult trial;
  trial.id = fmt::format("r1-{}-chat-c{}", engine, concurrency);
  trial.engine = engine;
  trial.workload = "chat";
  trial.load.concurrency = concurrency;
  trial.verdict = record::Verdict::valid;
  trial.metrics.ttft_ms.p50 = concurrency == 1 ? 20.0 : 22.0;
  trial.metrics.tpot_ms.p50 = 10.0;
  trial.metrics.output_tokens_per_s = concurrency == 1 ? 100.0 : 400.0;
  return trial;
}

}  // namespace

record::StudyResult quiet_study() {
  record::StudyResult result;
  result.study = {{"name", "sample"},
                  {"engines", {{{"name", "a"}}, {{"name", "b"}}}},
                  {"workloads", {{{"name", "chat"}, {"salt", true}}}}};
  for (const std::uint32_t concurrency : {1U, 8U}) {
    for (const char* engine : {"a", "b"}) {
      result.trials.push_back(quiet_trial(engine, concurrency));
    }
  }
  return result;
}

void change_all(record::StudyResult& result, const Change& change) {
  for (record::TrialResult& trial : result.trials) change(trial);
}

void change_engine(record::StudyResult& result, const std::string& engine, const Change& change) {
  for (record::TrialResult& trial : result.trials) {
    if (trial.engine == engine) change(trial);
  }
}

void change_load(record::StudyResult& result, std::uint32_t concurrency, const Change& change) {
  for (record::TrialResult& trial : result.trials) {
    if (trial.load.concurrency == concurrency) change(trial);
  }
}

nlohmann::json pair_entry(const PairSample& sample) {
  const bool different = !sample.better.empty();
  nlohmann::json entry{{"metric", sample.metric},
                       {"workload", "chat"},
                       {"load", {{"kind", "closed"}, {"concurrency", sample.concurrency}}},
                       {"a", sample.a},
                       {"b", sample.b},
                       {"primary", true},
                       {"R", 9},
                       {"a_greater", 0},
                       {"ratio", sample.ratio},
                       {"low", sample.low},
                       {"high", sample.high},
                       {"p", 0.001},
                       {"p_adjusted", 0.002},
                       {"resolution", 0.05},
                       {"verdict", different ? "different" : "not_resolved"},
                       {"better", nullptr},
                       {"reason", nullptr},
                       {"caveats", nlohmann::json::array()}};
  if (different) entry["better"] = sample.better;
  if (!different) entry["reason"] = "not resolved at +-5.0 %";
  return entry;
}

std::vector<std::string> rules_of(const nlohmann::json& recommendations) {
  std::vector<std::string> rules;
  for (const auto& each : recommendations) rules.push_back(each.at("rule").get<std::string>());
  return rules;
}

}  // namespace tokamark::advice
