#include "watch/metric_tables_internal.h"

#include <algorithm>

namespace tokamark::watch {

namespace {

using Trial = record::TrialResult;

template <typename Number>
Value real(const std::optional<Number>& value) {
  return value ? Value(static_cast<double>(*value)) : std::nullopt;
}

/// While a study is between two writes of its progress, time goes on.
double since_write(const Snapshot& s) { return s.state == State::running ? s.age_s : 0.0; }

const StudyGauge kStudyGauges[] = {
    {{"tokamark_study_trials_planned", "gauge", "",
      "Trials of the study, or the most that a search or budget may take."},
     [](const Snapshot& s) {
       return Value(static_cast<double>(s.progress ? s.progress->trials_total : s.planned));
     }},
    {{"tokamark_study_elapsed_seconds", "gauge", "seconds", "Time since the run began."},
     [](const Snapshot& s) {
       return s.progress ? Value(s.progress->elapsed_s + since_write(s)) : std::nullopt;
     }},
    {{"tokamark_study_left_seconds", "gauge", "seconds",
      "Time left at the pace of the trials so far."},
     [](const Snapshot& s) {
       if (!s.progress || !s.progress->left_s) return Value();
       return Value(std::max(0.0, *s.progress->left_s - since_write(s)));
     }},
    {{"tokamark_study_news_age_seconds", "gauge", "seconds",
      "Time since the run last wrote its progress."},
     [](const Snapshot& s) { return s.progress ? Value(s.age_s) : std::nullopt; }},
    {{"tokamark_study_exit_code", "gauge", "", "Exit code of the run, once it has ended."},
     [](const Snapshot& s) { return real(s.exit_code); }},
};

const TrialGauge kTrialGauges[] = {
    {{"tokamark_trial_valid", "gauge", "", "1 where the trial is valid, else 0."},
     [](const Trial& t) { return Value(t.verdict == record::Verdict::valid ? 1.0 : 0.0); }},
    {{"tokamark_trial_ttft_p50_seconds", "gauge", "seconds", "Time to first token, median."},
     [](const Trial& t) { return in_seconds(t.metrics.ttft_ms.p50); }},
    {{"tokamark_trial_ttft_p95_seconds", "gauge", "seconds",
      "Time to first token, 95th percentile."},
     [](const Trial& t) { return in_seconds(t.metrics.ttft_ms.p95); }},
    {{"tokamark_trial_ttft_p99_seconds", "gauge", "seconds",
      "Time to first token, 99th percentile."},
     [](const Trial& t) { return in_seconds(t.metrics.ttft_ms.p99); }},
    {{"tokamark_trial_tpot_p50_seconds", "gauge", "seconds",
      "Time per output token after the first, median."},
     [](const Trial& t) { return in_seconds(t.metrics.tpot_ms.p50); }},
    {{"tokamark_trial_tpot_p99_seconds", "gauge", "seconds",
      "Time per output token after the first, 99th percentile."},
     [](const Trial& t) { return in_seconds(t.metrics.tpot_ms.p99); }},
    {{"tokamark_trial_itl_p50_seconds", "gauge", "seconds", "Inter-token latency, median."},
     [](const Trial& t) { return in_seconds(t.metrics.itl_ms.p50); }},
    {{"tokamark_trial_itl_p99_seconds", "gauge", "seconds",
      "Inter-token latency, 99th percentile."},
     [](const Trial& t) { return in_seconds(t.metrics.itl_ms.p99); }},
    {{"tokamark_trial_e2e_p50_seconds", "gauge", "seconds", "Time to the last token, median."},
     [](const Trial& t) { return in_seconds(t.metrics.e2e_ms.p50); }},
    {{"tokamark_trial_e2e_p99_seconds", "gauge", "seconds",
      "Time to the last token, 99th percentile."},
     [](const Trial& t) { return in_seconds(t.metrics.e2e_ms.p99); }},
    {{"tokamark_trial_output_tokens_per_second", "gauge", "",
      "Output tokens that arrived in the window over its length."},
     [](const Trial& t) { return t.metrics.output_tokens_per_s; }},
    {{"tokamark_trial_requests_per_second", "gauge", "",
      "Requests that succeeded in the window over its length."},
     [](const Trial& t) { return t.metrics.requests_per_s; }},
    {{"tokamark_trial_goodput_requests_per_second", "gauge", "",
      "Requests that met the SLO over the window's length."},
     [](const Trial& t) { return t.metrics.goodput_requests_per_s; }},
    {{"tokamark_trial_slo_attainment_ratio", "gauge", "ratio",
      "Share of measured requests that met the SLO."},
     [](const Trial& t) { return t.metrics.slo_attainment; }},
    {{"tokamark_client_lateness_p99_seconds", "gauge", "seconds",
      "Send instant minus scheduled instant, 99th percentile."},
     [](const Trial& t) { return in_seconds(t.client.lateness_ms.p99); }},
    {{"tokamark_client_late_ratio", "gauge", "ratio",
      "Share of requests sent more than 5 ms late."},
     [](const Trial& t) { return t.client.late_share; }},
    {{"tokamark_client_receive_delay_p99_seconds", "gauge", "seconds",
      "The client's receive stamp minus the kernel's, 99th percentile."},
     [](const Trial& t) { return in_seconds(t.client.receive_delay_ms.p99); }},
    {{"tokamark_client_cpu_ratio", "gauge", "ratio",
      "CPU time of the load threads over the window's length."},
     [](const Trial& t) { return Value(t.client.cpu_share); }},
    {{"tokamark_server_requests_waiting_peak", "gauge", "",
      "Most requests waiting in the engine, by its own metrics page."},
     [](const Trial& t) { return t.server.requests_waiting_peak; }},
    {{"tokamark_server_kv_cache_usage_peak_ratio", "gauge", "ratio",
      "Largest share of the KV cache in use, by the engine's metrics page."},
     [](const Trial& t) { return t.server.kv_cache_usage_peak_ratio; }},
    {{"tokamark_gpu_power_mean_watts", "gauge", "watts",
      "Power of all GPUs together, mean over the window."},
     [](const Trial& t) { return t.resources.gpu_power_mean_w; }},
    {{"tokamark_gpu_energy_joules", "gauge", "joules",
      "Energy of all GPUs together in the window."},
     [](const Trial& t) { return t.resources.gpu_energy_j; }},
    {{"tokamark_gpu_temperature_peak_celsius", "gauge", "celsius",
      "Highest temperature of a GPU in the window."},
     [](const Trial& t) { return t.resources.gpu_temperature_peak_c; }},
    {{"tokamark_gpu_slowdown_ratio", "gauge", "ratio",
      "Share of the window in which a GPU was slowed down."},
     [](const Trial& t) { return t.resources.gpu_slowdown_share; }},
    {{"tokamark_vram_peak_bytes", "gauge", "bytes", "Most GPU memory in use, all GPUs together."},
     [](const Trial& t) { return real(t.resources.vram_peak_bytes); }},
    {{"tokamark_engine_rss_peak_bytes", "gauge", "bytes",
      "Most host memory of the engine's processes."},
     [](const Trial& t) { return real(t.resources.rss_peak_bytes); }},
};

}  // namespace

Value in_seconds(const Value& ms) { return ms ? Value(*ms / 1000.0) : std::nullopt; }

std::span<const StudyGauge> study_gauges() { return kStudyGauges; }
std::span<const TrialGauge> trial_gauges() { return kTrialGauges; }

}  // namespace tokamark::watch
