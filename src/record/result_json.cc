#include <cmath>

#include "record/json_text.h"
#include "record/load_words_internal.h"
#include "record/result.h"

namespace tokamark::record {
namespace {

using Reasons = std::map<std::string, std::string>;

constexpr const char* kNotFinite = "not a finite number";

/// The fields of one object, and the reasons of its nulls, which come last.
class ObjectWriter {
 public:
  explicit ObjectWriter(Reasons reasons) : reasons_(std::move(reasons)) {}

  void number(const char* key, std::optional<double> value) {
    if (value && !std::isfinite(*value)) {
      reasons_.try_emplace(key, kNotFinite);
      value.reset();
    }
    object_[key] = value ? nlohmann::json(*value) : nlohmann::json(nullptr);
  }

  void integer(const char* key, std::optional<std::int64_t> value) {
    object_[key] = value ? nlohmann::json(*value) : nlohmann::json(nullptr);
  }

  /// An empty word is null.
  void word(const char* key, const std::string& value) {
    object_[key] = value.empty() ? nlohmann::json(nullptr) : nlohmann::json(valid_utf8(value));
  }

  void set(const char* key, nlohmann::json value) { object_[key] = std::move(value); }

  nlohmann::json finish() {
    if (!reasons_.empty()) {
      object_["reasons"] = clean_json(nlohmann::json(reasons_));
    }
    return std::move(object_);
  }

 private:
  nlohmann::json object_ = nlohmann::json::object();
  Reasons reasons_;
};

nlohmann::json to_json(const LatencySummary& summary) {
  ObjectWriter object(summary.reasons);
  object.integer("n", summary.n);
  object.number("mean", summary.mean);
  object.number("p50", summary.p50);
  object.number("p90", summary.p90);
  object.number("p95", summary.p95);
  object.number("p99", summary.p99);
  object.number("max", summary.max);
  return object.finish();
}

nlohmann::json to_json(const ClientError& error) {
  ObjectWriter object({});
  object.number("p50", error.p50);
  object.number("p99", error.p99);
  object.number("max", error.max);
  return object.finish();
}

nlohmann::json to_json(const TrialCounts& counts) {
  return {{"scheduled", counts.scheduled},         {"sent", counts.sent},
          {"succeeded", counts.succeeded},         {"failed", counts.failed},
          {"timed_out", counts.timed_out},         {"input_tokens", counts.input_tokens},
          {"output_tokens", counts.output_tokens}, {"cached_tokens", counts.cached_tokens}};
}

nlohmann::json to_json(const TrialMetrics& metrics) {
  ObjectWriter object(metrics.reasons);
  object.set("ttft_ms", to_json(metrics.ttft_ms));
  object.set("ttft_wire_ms", to_json(metrics.ttft_wire_ms));
  object.set("tpot_ms", to_json(metrics.tpot_ms));
  object.set("itl_ms", to_json(metrics.itl_ms));
  object.set("e2e_ms", to_json(metrics.e2e_ms));
  object.number("output_tokens_per_s", metrics.output_tokens_per_s);
  object.number("requests_per_s", metrics.requests_per_s);
  object.number("goodput_requests_per_s", metrics.goodput_requests_per_s);
  object.number("slo_attainment", metrics.slo_attainment);
  object.number("fluidity_index", metrics.fluidity_index);
  return object.finish();
}

nlohmann::json to_json(const TrialResources& resources) {
  ObjectWriter object(resources.reasons);
  object.integer("vram_idle_bytes", resources.vram_idle_bytes);
  object.integer("vram_loaded_bytes", resources.vram_loaded_bytes);
  object.integer("vram_warmed_bytes", resources.vram_warmed_bytes);
  object.integer("vram_peak_bytes", resources.vram_peak_bytes);
  object.word("vram_peak_kind", resources.vram_peak_kind);
  object.integer("rss_loaded_bytes", resources.rss_loaded_bytes);
  object.integer("rss_warmed_bytes", resources.rss_warmed_bytes);
  object.integer("rss_peak_bytes", resources.rss_peak_bytes);
  object.number("engine_cpu_s", resources.engine_cpu_s);
  object.integer("host_memory_peak_bytes", resources.host_memory_peak_bytes);
  object.number("host_cpu_s", resources.host_cpu_s);
  object.number("gpu_energy_j", resources.gpu_energy_j);
  object.number("gpu_energy_by_power_j", resources.gpu_energy_by_power_j);
  object.number("gpu_energy_per_output_token_j", resources.gpu_energy_per_output_token_j);
  object.number("gpu_power_idle_w", resources.gpu_power_idle_w);
  object.number("gpu_sample_gap_s", resources.gpu_sample_gap_s);
  object.number("gpu_power_mean_w", resources.gpu_power_mean_w);
  object.number("gpu_sm_clock_mean_mhz", resources.gpu_sm_clock_mean_mhz);
  object.number("gpu_slowdown_share", resources.gpu_slowdown_share);
  object.number("gpu_temperature_start_c", resources.gpu_temperature_start_c);
  object.number("gpu_temperature_peak_c", resources.gpu_temperature_peak_c);
  object.integer("gpu_other_processes", resources.gpu_other_processes);
  return object.finish();
}

nlohmann::json to_json(const std::optional<std::array<double, 2>>& bucket) {
  const bool finite = bucket && std::isfinite((*bucket)[0]) && std::isfinite((*bucket)[1]);
  return finite ? nlohmann::json(*bucket) : nlohmann::json(nullptr);
}

nlohmann::json to_json(const HistogramSummary& summary) {
  ObjectWriter object(summary.reasons);
  object.integer("n", summary.n);
  object.number("mean", summary.mean);
  object.number("p50", summary.p50);
  object.number("p99", summary.p99);
  object.set("p50_bucket", to_json(summary.p50_bucket));
  object.set("p99_bucket", to_json(summary.p99_bucket));
  return object.finish();
}

nlohmann::json to_json(const TrialServer& server) {
  ObjectWriter object(server.reasons);
  object.integer("scrapes", server.scrapes);
  object.integer("scrapes_failed", server.scrapes_failed);
  object.word("scrape_error", server.scrape_error);
  object.number("scrape_mean_ms", server.scrape_mean_ms);
  object.number("scrape_gap_s", server.scrape_gap_s);
  object.number("from_s", server.from_s);
  object.number("to_s", server.to_s);
  object.number("requests_running_mean", server.requests_running_mean);
  object.number("requests_running_peak", server.requests_running_peak);
  object.number("requests_waiting_mean", server.requests_waiting_mean);
  object.number("requests_waiting_peak", server.requests_waiting_peak);
  object.number("kv_cache_usage_mean_ratio", server.kv_cache_usage_mean_ratio);
  object.number("kv_cache_usage_peak_ratio", server.kv_cache_usage_peak_ratio);
  object.number("preemptions", server.preemptions);
  object.number("prefix_hit_share", server.prefix_hit_share);
  object.number("spec_acceptance_length", server.spec_acceptance_length);
  object.set("server_ttft_ms", to_json(server.server_ttft_ms));
  object.set("server_itl_ms", to_json(server.server_itl_ms));
  object.set("server_tpot_ms", to_json(server.server_tpot_ms));
  object.set("server_e2e_ms", to_json(server.server_e2e_ms));
  object.set("server_queue_ms", to_json(server.server_queue_ms));
  return object.finish();
}

nlohmann::json to_json(const TrialClient& client) {
  ObjectWriter object(client.reasons);
  object.set("lateness_ms", to_json(client.lateness_ms));
  object.set("receive_delay_ms", to_json(client.receive_delay_ms));
  object.number("late_share", client.late_share);
  object.number("shared_read_share", client.shared_read_share);
  object.number("kernel_stamp_share", client.kernel_stamp_share);
  object.number("cpu_s", client.cpu_s);
  object.number("cpu_share", client.cpu_share);
  object.number("run_delay_s", client.run_delay_s);
  object.number("run_delay_share", client.run_delay_share);
  object.integer("context_switches_voluntary", client.context_switches_voluntary);
  object.integer("context_switches_involuntary", client.context_switches_involuntary);
  object.word("scheduling", client.scheduling);
  object.word("pinning", client.pinning);
  object.word("receive", client.receive);
  object.set("cpus", client.cpus);
  return object.finish();
}

nlohmann::json to_json(const TrialChecks& checks) {
  ObjectWriter object({});
  object.number("in_flight_asked", checks.in_flight_asked);
  object.number("in_flight_mean", checks.in_flight_mean);
  object.number("littles_law_mean", checks.littles_law_mean);
  object.integer("server_tokens", checks.server_tokens);
  object.integer("client_tokens", checks.client_tokens);
  object.number("cached_share", checks.cached_share);
  object.number("in_flight_trend_p", checks.in_flight_trend_p);
  object.number("ttft_trend_p", checks.ttft_trend_p);
  object.number("ttft_rise_share", checks.ttft_rise_share);
  object.number("ttft_drift_log", checks.ttft_drift_log);
  object.number("tpot_drift_log", checks.tpot_drift_log);
  object.number("ttft_autocorrelation", checks.ttft_autocorrelation);
  return object.finish();
}

nlohmann::json to_json(const std::vector<VerdictCode>& codes) {
  auto list = nlohmann::json::array();
  for (const auto& code : codes) {
    list.push_back({{"code", valid_utf8(code.code)},
                    {"evidence", valid_utf8(code.evidence)},
                    {"advice", valid_utf8(code.advice)}});
  }
  return list;
}

}  // namespace

nlohmann::json to_json(const workload::LoadShape& load) {
  nlohmann::json object{{"kind", load_kind_word(load.kind)}};
  if (load.kind == workload::LoadKind::closed) {
    object["concurrency"] = load.concurrency;
    return object;
  }
  object["rate_per_s"] = load.rate_per_s;
  object["arrivals"] = arrivals_word(load.arrivals);
  if (load.arrivals == workload::Arrivals::gamma) {
    object["gamma_cv"] = load.gamma_cv;
  }
  return object;
}

nlohmann::json to_json(const TrialResult& trial) {
  ObjectWriter object({});
  object.set("id", valid_utf8(trial.id));
  object.set("engine", valid_utf8(trial.engine));
  object.set("workload", valid_utf8(trial.workload));
  object.set("load", to_json(trial.load));
  object.set("repeat", trial.repeat);
  object.set("run", trial.run);
  object.set("verdict", to_word(trial.verdict));
  object.set("codes", to_json(trial.codes));
  object.set("window", {{"start_s", trial.window_start_s}, {"end_s", trial.window_end_s}});
  object.set("schedule_sha256", valid_utf8(trial.schedule_sha256));
  object.set("counts", to_json(trial.counts));
  object.set("metrics", to_json(trial.metrics));
  object.set("resources", to_json(trial.resources));
  object.set("server", to_json(trial.server));
  object.set("client", to_json(trial.client));
  object.set("checks", to_json(trial.checks));
  object.set("calibration", clean_json(trial.calibration));
  object.set("engine_info", clean_json(trial.engine_info));
  object.set("speed_of_light", clean_json(trial.speed_of_light));
  return object.finish();
}

nlohmann::json to_json(const StudyResult& result) {
  auto trials = nlohmann::json::array();
  for (const auto& trial : result.trials) {
    trials.push_back(to_json(trial));
  }
  return {{"schema", kResultSchema},
          {"methodology_version", kMethodologyVersion},
          {"simulated", result.simulated},
          {"study", clean_json(result.study)},
          {"manifest", clean_json(result.manifest)},
          {"fairness", clean_json(result.fairness)},
          {"estimates", clean_json(result.estimates)},
          {"comparisons", clean_json(result.comparisons)},
          {"recommendations", clean_json(result.recommendations)},
          {"trials", std::move(trials)}};
}

std::string to_text(const StudyResult& result) { return to_json(result).dump(1) + "\n"; }

}  // namespace tokamark::record
