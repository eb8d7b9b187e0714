#include "comparison/vllm_bench.h"

#include <fmt/format.h>

namespace tokamark::comparison {

namespace {

using nlohmann::json;

std::optional<double> number(const json& from, const std::string& key) {
  const auto found = from.find(key);
  if (found == from.end() || !found->is_number()) return std::nullopt;
  return found->get<double>();
}

record::LatencySummary latency(const json& from, const std::string& name, std::int64_t n) {
  record::LatencySummary summary;
  summary.n = n;
  summary.mean = number(from, fmt::format("mean_{}_ms", name));
  summary.p50 = number(from, fmt::format("median_{}_ms", name));
  summary.p90 = number(from, fmt::format("p90_{}_ms", name));
  summary.p95 = number(from, fmt::format("p95_{}_ms", name));
  summary.p99 = number(from, fmt::format("p99_{}_ms", name));
  return summary;
}

/// A finite request rate is an open load, its gaps gamma with shape `burstiness`; else the
/// concurrency is held, and without a limit everything is sent at once.
workload::LoadShape load_of(const json& from) {
  workload::LoadShape load;
  if (const auto rate = number(from, "request_rate")) {
    load.kind = workload::LoadKind::open;
    load.rate_per_s = *rate;
    load.arrivals = workload::Arrivals::poisson;
    return load;
  }
  const auto held = number(from, "max_concurrency");
  load.concurrency =
      static_cast<std::uint32_t>(held.value_or(number(from, "num_prompts").value_or(1.0)));
  return load;
}

}  // namespace

bool is_vllm_bench(const json& json) {
  return json.is_object() && json.contains("median_ttft_ms") && json.contains("output_throughput");
}

base::Result<record::StudyResult> read_vllm_bench(const json& from, const std::string& source) {
  const auto completed = number(from, "completed");
  if (!is_vllm_bench(from) || !completed) {
    return base::Error{base::ErrorKind::study,
                       source +
                           ": expected the JSON of `vllm bench serve --save-result`, with "
                           "median_ttft_ms, output_throughput and completed"};
  }
  record::TrialResult trial;
  trial.id = "vllm-bench-serve";
  trial.engine = from.value("backend", "vllm");
  trial.workload = "vllm-bench-serve";
  trial.load = load_of(from);
  trial.verdict = record::Verdict::valid;  // nothing in the file could deny it
  const auto n = static_cast<std::int64_t>(*completed);
  trial.counts.succeeded = n;
  trial.counts.failed = static_cast<std::int64_t>(number(from, "failed").value_or(0.0));
  trial.counts.scheduled = trial.counts.sent = n + trial.counts.failed;
  trial.counts.input_tokens =
      static_cast<std::int64_t>(number(from, "total_input_tokens").value_or(0.0));
  trial.counts.output_tokens =
      static_cast<std::int64_t>(number(from, "total_output_tokens").value_or(0.0));
  trial.metrics.ttft_ms = latency(from, "ttft", n);
  trial.metrics.tpot_ms = latency(from, "tpot", n);
  trial.metrics.itl_ms = latency(from, "itl", n);
  trial.metrics.e2e_ms = latency(from, "e2el", n);
  trial.metrics.output_tokens_per_s = number(from, "output_throughput");
  trial.metrics.requests_per_s = number(from, "request_throughput");
  trial.metrics.goodput_requests_per_s = number(from, "request_goodput");
  record::StudyResult result;
  result.simulated = from.value("simulated", false);
  result.study = {{"name", source}, {"model", {{"name", from.value("model_id", "")}}}};
  result.manifest = {{"imported_from", "vllm bench serve"}};
  result.trials.push_back(std::move(trial));
  return result;
}

}  // namespace tokamark::comparison
