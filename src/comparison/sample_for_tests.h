#pragma once

#include <fmt/format.h>

#include <string>
#include <vector>

#include "comparison/comparison.h"

namespace tokamark::comparison {

/// A valid trial of workload "chat" at concurrency 8 with this TTFT p50.
inline record::TrialResult sample_trial(const std::string& engine, std::uint32_t repeat,
                                        double ttft_p50_ms, std::uint32_t run = 1) {
  record::TrialResult trial;
  trial.id = fmt::format("r{}.{}-{}-chat-c8", repeat, run, engine);
  trial.engine = engine;
  trial.workload = "chat";
  trial.load.concurrency = 8;
  trial.repeat = repeat;
  trial.run = run;
  trial.verdict = record::Verdict::valid;
  trial.schedule_sha256 = fmt::format("schedule {}.{}", repeat, run);
  trial.counts.succeeded = 100;
  trial.counts.output_tokens = 3200;
  trial.metrics.ttft_ms.p50 = ttft_p50_ms;
  return trial;
}

/// One study: for each engine its TTFT p50 by block.
struct EngineRuns {
  std::string engine;
  std::vector<double> ttft_p50_ms;
};

inline record::StudyResult sample_result(const std::vector<EngineRuns>& engines) {
  record::StudyResult result;
  result.study = {{"engines", nlohmann::json::array()},
                  {"workloads", {{{"name", "chat"}, {"output_tokens", 32}}}},
                  {"slo", nlohmann::json::object()}};
  for (const EngineRuns& runs : engines) {
    result.study["engines"].push_back({{"name", runs.engine}, {"kind", "vllm"}});
    for (std::size_t block = 0; block < runs.ttft_p50_ms.size(); ++block) {
      result.trials.push_back(sample_trial(runs.engine, static_cast<std::uint32_t>(block + 1),
                                           runs.ttft_p50_ms[block]));
    }
  }
  return result;
}

}  // namespace tokamark::comparison
