#include <algorithm>

#include "record/json_fields_internal.h"
#include "record/load_words_internal.h"
#include "record/result.h"

namespace tokamark::record {
namespace {

void read(const JsonFields& fields, LatencySummary& summary) {
  fields.integer("n", summary.n);
  fields.number_or_null("mean", summary.mean);
  fields.number_or_null("p50", summary.p50);
  fields.number_or_null("p90", summary.p90);
  fields.number_or_null("p95", summary.p95);
  fields.number_or_null("p99", summary.p99);
  fields.number_or_null("max", summary.max);
  fields.reasons(summary.reasons);
}

void read(const JsonFields& fields, ClientError& error) {
  fields.number_or_null("p50", error.p50);
  fields.number_or_null("p99", error.p99);
  fields.number_or_null("max", error.max);
}

void read(const JsonFields& fields, TrialCounts& counts) {
  fields.integer("scheduled", counts.scheduled);
  fields.integer("sent", counts.sent);
  fields.integer("succeeded", counts.succeeded);
  fields.integer("failed", counts.failed);
  fields.integer("timed_out", counts.timed_out);
  fields.integer("input_tokens", counts.input_tokens);
  fields.integer("output_tokens", counts.output_tokens);
  fields.integer("cached_tokens", counts.cached_tokens);
}

void read(const JsonFields& fields, TrialMetrics& metrics) {
  read(fields.child("ttft_ms"), metrics.ttft_ms);
  read(fields.child("ttft_wire_ms"), metrics.ttft_wire_ms);
  read(fields.child("tpot_ms"), metrics.tpot_ms);
  read(fields.child("itl_ms"), metrics.itl_ms);
  read(fields.child("e2e_ms"), metrics.e2e_ms);
  fields.number_or_null("output_tokens_per_s", metrics.output_tokens_per_s);
  fields.number_or_null("requests_per_s", metrics.requests_per_s);
  fields.number_or_null("goodput_requests_per_s", metrics.goodput_requests_per_s);
  // Results of older versions have neither, which reads as null.
  fields.number_or_null("slo_attainment", metrics.slo_attainment);
  fields.number_or_null("fluidity_index", metrics.fluidity_index);
  fields.reasons(metrics.reasons);
}

void read(const JsonFields& fields, TrialResources& resources) {
  fields.integer_or_null("vram_loaded_bytes", resources.vram_loaded_bytes);
  fields.integer_or_null("vram_warmed_bytes", resources.vram_warmed_bytes);
  fields.integer_or_null("vram_peak_bytes", resources.vram_peak_bytes);
  fields.integer_or_null("rss_loaded_bytes", resources.rss_loaded_bytes);
  fields.integer_or_null("rss_warmed_bytes", resources.rss_warmed_bytes);
  fields.integer_or_null("rss_peak_bytes", resources.rss_peak_bytes);
  fields.number_or_null("engine_cpu_s", resources.engine_cpu_s);
  // Results of older versions have none of these, which reads as null.
  fields.integer_or_null("vram_idle_bytes", resources.vram_idle_bytes);
  if (!fields.raw("vram_peak_kind").is_null()) {
    fields.text("vram_peak_kind", resources.vram_peak_kind);
  }
  fields.integer_or_null("host_memory_peak_bytes", resources.host_memory_peak_bytes);
  fields.number_or_null("host_cpu_s", resources.host_cpu_s);
  fields.number_or_null("gpu_energy_j", resources.gpu_energy_j);
  fields.number_or_null("gpu_energy_by_power_j", resources.gpu_energy_by_power_j);
  fields.number_or_null("gpu_energy_per_output_token_j", resources.gpu_energy_per_output_token_j);
  fields.number_or_null("gpu_power_idle_w", resources.gpu_power_idle_w);
  fields.number_or_null("gpu_sample_gap_s", resources.gpu_sample_gap_s);
  fields.number_or_null("gpu_power_mean_w", resources.gpu_power_mean_w);
  fields.number_or_null("gpu_sm_clock_mean_mhz", resources.gpu_sm_clock_mean_mhz);
  fields.number_or_null("gpu_slowdown_share", resources.gpu_slowdown_share);
  fields.number_or_null("gpu_temperature_start_c", resources.gpu_temperature_start_c);
  fields.number_or_null("gpu_temperature_peak_c", resources.gpu_temperature_peak_c);
  fields.integer_or_null("gpu_other_processes", resources.gpu_other_processes);
  fields.reasons(resources.reasons);
}

void read_bucket(const JsonFields& fields, const char* key,
                 std::optional<std::array<double, 2>>& bucket) {
  const auto& pair = fields.raw(key);
  if (pair.is_null()) return;
  if (pair.is_array() && pair.size() == 2 && pair[0].is_number() && pair[1].is_number()) {
    bucket = pair.get<std::array<double, 2>>();
  } else {
    fields.fail(key, "two numbers or null");
  }
}

void read(const JsonFields& fields, HistogramSummary& summary) {
  fields.integer_or_null("n", summary.n);
  fields.number_or_null("mean", summary.mean);
  fields.number_or_null("p50", summary.p50);
  fields.number_or_null("p99", summary.p99);
  read_bucket(fields, "p50_bucket", summary.p50_bucket);
  read_bucket(fields, "p99_bucket", summary.p99_bucket);
  fields.reasons(summary.reasons);
}

void read(const JsonFields& fields, TrialServer& server) {
  fields.integer("scrapes", server.scrapes);
  fields.integer("scrapes_failed", server.scrapes_failed);
  if (!fields.raw("scrape_error").is_null()) fields.text("scrape_error", server.scrape_error);
  fields.number_or_null("scrape_mean_ms", server.scrape_mean_ms);
  fields.number_or_null("scrape_gap_s", server.scrape_gap_s);
  fields.number_or_null("from_s", server.from_s);
  fields.number_or_null("to_s", server.to_s);
  fields.number_or_null("requests_running_mean", server.requests_running_mean);
  fields.number_or_null("requests_running_peak", server.requests_running_peak);
  fields.number_or_null("requests_waiting_mean", server.requests_waiting_mean);
  fields.number_or_null("requests_waiting_peak", server.requests_waiting_peak);
  fields.number_or_null("kv_cache_usage_mean_ratio", server.kv_cache_usage_mean_ratio);
  fields.number_or_null("kv_cache_usage_peak_ratio", server.kv_cache_usage_peak_ratio);
  fields.number_or_null("preemptions", server.preemptions);
  fields.number_or_null("prefix_hit_share", server.prefix_hit_share);
  fields.number_or_null("spec_acceptance_length", server.spec_acceptance_length);
  read(fields.child("server_ttft_ms"), server.server_ttft_ms);
  read(fields.child("server_itl_ms"), server.server_itl_ms);
  read(fields.child("server_tpot_ms"), server.server_tpot_ms);
  read(fields.child("server_e2e_ms"), server.server_e2e_ms);
  read(fields.child("server_queue_ms"), server.server_queue_ms);
  fields.reasons(server.reasons);
}

void read_cpus(const JsonFields& fields, std::vector<int>& cpus) {
  const auto& list = fields.raw("cpus");
  if (list.is_null()) return;
  const bool right = list.is_array() && std::all_of(list.begin(), list.end(), [](const auto& cpu) {
                       return cpu.is_number_integer() && cpu >= 0 && cpu <= 65535;
                     });
  if (right) {
    cpus = list.get<std::vector<int>>();
  } else {
    fields.fail("cpus", "an array of core numbers");
  }
}

void read(const JsonFields& fields, TrialClient& client) {
  read(fields.child("lateness_ms"), client.lateness_ms);
  read(fields.child("receive_delay_ms"), client.receive_delay_ms);
  fields.number_or_null("late_share", client.late_share);
  fields.number_or_null("shared_read_share", client.shared_read_share);
  fields.number_or_null("kernel_stamp_share", client.kernel_stamp_share);
  fields.number("cpu_s", client.cpu_s);
  fields.number("cpu_share", client.cpu_share);
  // Older files lack what follows.
  fields.number_or_null("run_delay_s", client.run_delay_s);
  fields.number_or_null("run_delay_share", client.run_delay_share);
  fields.integer_or_null("context_switches_voluntary", client.context_switches_voluntary);
  fields.integer_or_null("context_switches_involuntary", client.context_switches_involuntary);
  if (!fields.raw("scheduling").is_null()) fields.text("scheduling", client.scheduling);
  if (!fields.raw("pinning").is_null()) fields.text("pinning", client.pinning);
  if (!fields.raw("receive").is_null()) fields.text("receive", client.receive);
  read_cpus(fields, client.cpus);
  fields.reasons(client.reasons);
}

void read(const JsonFields& fields, TrialChecks& checks) {
  fields.number_or_null("in_flight_asked", checks.in_flight_asked);
  fields.number_or_null("in_flight_mean", checks.in_flight_mean);
  fields.number_or_null("littles_law_mean", checks.littles_law_mean);
  fields.integer_or_null("server_tokens", checks.server_tokens);
  fields.integer_or_null("client_tokens", checks.client_tokens);
  fields.number_or_null("cached_share", checks.cached_share);
  fields.number_or_null("in_flight_trend_p", checks.in_flight_trend_p);
  fields.number_or_null("ttft_trend_p", checks.ttft_trend_p);
  fields.number_or_null("ttft_rise_share", checks.ttft_rise_share);
  fields.number_or_null("ttft_drift_log", checks.ttft_drift_log);
  fields.number_or_null("tpot_drift_log", checks.tpot_drift_log);
  fields.number_or_null("ttft_autocorrelation", checks.ttft_autocorrelation);
}

void read_codes(const JsonFields& fields, std::string& problem, std::vector<VerdictCode>& codes) {
  const auto& list = fields.raw("codes");
  if (!list.is_array()) {
    fields.fail("codes", "an array");
    return;
  }
  for (const auto& item : list) {
    const JsonFields entry(item, fields.path_of("codes[" + std::to_string(codes.size()) + "]"),
                           problem);
    auto& code = codes.emplace_back();
    entry.text("code", code.code);
    entry.text("evidence", code.evidence);
    entry.text("advice", code.advice);
  }
}

void read(const JsonFields& fields, workload::LoadShape& load) {
  std::string word;
  fields.text("kind", word);
  const auto kind = load_kind_from_word(word);
  if (!kind) {
    fields.fail("kind", "closed or open");
    return;
  }
  load.kind = *kind;
  if (load.kind == workload::LoadKind::closed) {
    fields.integer("concurrency", load.concurrency);
    return;
  }
  fields.number("rate_per_s", load.rate_per_s);
  fields.text("arrivals", word);
  const auto arrivals = arrivals_from_word(word);
  if (!arrivals) {
    fields.fail("arrivals", "constant, poisson or gamma");
    return;
  }
  load.arrivals = *arrivals;
  if (load.arrivals == workload::Arrivals::gamma) {
    fields.number("gamma_cv", load.gamma_cv);
  }
}

void read(const JsonFields& fields, std::string& problem, TrialResult& trial) {
  fields.text("id", trial.id);
  fields.text("engine", trial.engine);
  fields.text("workload", trial.workload);
  read(fields.child("load"), trial.load);
  fields.integer("repeat", trial.repeat);
  if (fields.has("run")) fields.integer("run", trial.run);  // older versions had one run a start
  std::string word;
  fields.text("verdict", word);
  const auto verdict = from_word<Verdict>(word);
  if (verdict) {
    trial.verdict = *verdict;
  } else {
    fields.fail("verdict", "valid, invalid or incomplete");
  }
  read_codes(fields, problem, trial.codes);
  const auto window = fields.child("window");
  window.number("start_s", trial.window_start_s);
  window.number("end_s", trial.window_end_s);
  fields.text("schedule_sha256", trial.schedule_sha256);
  read(fields.child("counts"), trial.counts);
  read(fields.child("metrics"), trial.metrics);
  read(fields.child("resources"), trial.resources);
  read(fields.child("client"), trial.client);
  // Results of older versions have neither.
  if (!fields.raw("server").is_null()) read(fields.child("server"), trial.server);
  if (!fields.raw("checks").is_null()) read(fields.child("checks"), trial.checks);
  trial.calibration = fields.raw("calibration");
  trial.engine_info = fields.raw("engine_info");
  trial.speed_of_light = fields.raw("speed_of_light");  // older versions have none
}

/// Results of older versions have none of these lists.
nlohmann::json array_or_empty(const JsonFields& fields, const char* key) {
  const auto& list = fields.raw(key);
  if (list.is_null()) return nlohmann::json::array();
  if (!list.is_array()) fields.fail(key, "an array");
  return list;
}

base::Error bad(const std::string& problem) { return base::Error{base::ErrorKind::study, problem}; }

}  // namespace

base::Result<workload::LoadShape> load_from_json(const nlohmann::json& json) {
  std::string problem;
  workload::LoadShape load;
  read(JsonFields(json, "load", problem), load);
  if (!problem.empty()) {
    return bad(problem);
  }
  return load;
}

base::Result<TrialResult> trial_from_json(const nlohmann::json& json) {
  std::string problem;
  TrialResult trial;
  read(JsonFields(json, "trial", problem), problem, trial);
  if (!problem.empty()) {
    return bad(problem);
  }
  return trial;
}

base::Result<StudyResult> study_result_from_json(const nlohmann::json& json) {
  std::string problem;
  StudyResult result;
  const JsonFields fields(json, "results", problem);
  int schema = 0;
  fields.integer("schema", schema);
  if (problem.empty() && schema != kResultSchema) {
    return bad("results.schema is " + std::to_string(schema) + ", but this program reads version " +
               std::to_string(kResultSchema) + "; use the tokamark that wrote the file");
  }
  fields.boolean("simulated", result.simulated);
  result.study = fields.raw("study");
  result.manifest = fields.raw("manifest");
  result.fairness = fields.raw("fairness");
  result.estimates = array_or_empty(fields, "estimates");
  result.comparisons = array_or_empty(fields, "comparisons");
  result.recommendations = array_or_empty(fields, "recommendations");
  const auto& trials = fields.raw("trials");
  if (!trials.is_array()) {
    fields.fail("trials", "an array");
  } else {
    for (const auto& item : trials) {
      const auto path = "results.trials[" + std::to_string(result.trials.size()) + "]";
      read(JsonFields(item, path, problem), problem, result.trials.emplace_back());
    }
  }
  if (!problem.empty()) {
    return bad(problem);
  }
  return result;
}

}  // namespace tokamark::record
