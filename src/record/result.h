#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "record/request_record.h"
#include "workload/schedule.h"

namespace tokamark::record {

/// Version of the results.json layout, and of the formulas behind the numbers (docs/METRICS.md).
inline constexpr int kResultSchema = 1;
inline constexpr int kMethodologyVersion = 1;

/// One latency metric of one trial, in milliseconds. A percentile without enough samples
/// (methodology M20) or without a finite value is empty, and `reasons` says why under its name.
struct LatencySummary {
  std::int64_t n = 0;
  std::optional<double> mean, p50, p90, p95, p99, max;
  std::map<std::string, std::string> reasons;
};

/// p50, p99 and max of one of the client's own errors, in milliseconds.
struct ClientError {
  std::optional<double> p50, p99, max;
};

/// Whether a trial's numbers may be used.
enum class Verdict { valid, invalid, incomplete };

/// One reason behind a verdict.
struct VerdictCode {
  std::string code;      ///< "client_late", "errors", ...
  std::string evidence;  ///< the numbers that decided it
  std::string advice;    ///< one sentence: what to do
};

struct TrialCounts {
  std::int64_t scheduled = 0, sent = 0, succeeded = 0, failed = 0, timed_out = 0;
  std::int64_t input_tokens = 0, output_tokens = 0, cached_tokens = 0;
};

struct TrialMetrics {
  LatencySummary ttft_ms, ttft_wire_ms, tpot_ms, itl_ms, e2e_ms;
  std::optional<double> output_tokens_per_s, requests_per_s, goodput_requests_per_s;
  std::optional<double> slo_attainment;        ///< share of measured requests that meet the SLO
  std::optional<double> fluidity_index;        ///< share of token deadlines met (docs/METRICS.md)
  std::map<std::string, std::string> reasons;  ///< why a rate above is empty
};

struct TrialResources {
  std::optional<std::int64_t> vram_idle_bytes;  ///< before the engine was started
  std::optional<std::int64_t> vram_loaded_bytes, vram_warmed_bytes, vram_peak_bytes;
  /// Whether the peak is a "reservation" of an engine that takes its cache in advance, or a "need"
  /// (methodology M11); empty = not known.
  std::string vram_peak_kind;
  std::optional<std::int64_t> rss_loaded_bytes, rss_warmed_bytes, rss_peak_bytes;
  std::optional<double> engine_cpu_s;
  std::optional<std::int64_t> host_memory_peak_bytes;  ///< whole machine
  std::optional<double> host_cpu_s;                    ///< whole machine, in the window
  /// Of all GPUs of the machine, in the window; see probe::GpuSummary.
  std::optional<double> gpu_energy_j, gpu_power_mean_w, gpu_sm_clock_mean_mhz, gpu_slowdown_share;
  std::optional<double> gpu_energy_by_power_j, gpu_energy_per_output_token_j, gpu_power_idle_w;
  std::optional<double> gpu_sample_gap_s;
  std::optional<double> gpu_temperature_start_c, gpu_temperature_peak_c;
  std::optional<std::int64_t> gpu_other_processes;
  std::map<std::string, std::string> reasons;  ///< why a field above is empty
};

/// What one of the server's own latency histograms says of the window, in milliseconds. Percentiles
/// are interpolated within a bucket.
struct HistogramSummary {
  std::optional<std::int64_t> n;
  std::optional<double> mean, p50, p99;
  /// Bounds of the bucket that holds the percentile; empty where that is.
  std::optional<std::array<double, 2>> p50_bucket, p99_bucket;
  std::map<std::string, std::string> reasons;  ///< why a number above is empty
};

/// What the server's own metrics page said, asked once a second or so (docs/METRICS.md).
struct TrialServer {
  std::int64_t scrapes = 0, scrapes_failed = 0;  ///< questions that fell into the window
  std::string scrape_error;                      ///< of the first that failed; empty = none did
  std::optional<double> scrape_mean_ms;          ///< time to an answer
  std::optional<double> scrape_gap_s;            ///< longest time in the window without an answer
  /// The two answers, after the trial's start, between which totals and latencies are taken.
  std::optional<double> from_s, to_s;
  std::optional<double> requests_running_mean, requests_running_peak;
  std::optional<double> requests_waiting_mean, requests_waiting_peak;
  std::optional<double> kv_cache_usage_mean_ratio, kv_cache_usage_peak_ratio;
  std::optional<double> preemptions, prefix_hit_share, spec_acceptance_length;
  HistogramSummary server_ttft_ms, server_itl_ms, server_tpot_ms, server_e2e_ms, server_queue_ms;
  std::map<std::string, std::string> reasons;  ///< why a field above is empty
};

struct TrialClient {
  ClientError lateness_ms, receive_delay_ms;
  std::optional<double> late_share;          ///< requests sent more than 5 ms late
  std::optional<double> shared_read_share;   ///< chunks whose read held more than one event
  std::optional<double> kernel_stamp_share;  ///< chunks stamped by the kernel
  double cpu_s = 0.0;
  double cpu_share = 0.0;  ///< of one core, over the window, summed over load threads
  /// Time in the window that load threads were ready to run and had no core, summed; and over the
  /// window's length.
  std::optional<double> run_delay_s, run_delay_share;
  /// Of the load threads in the window.
  std::optional<std::int64_t> context_switches_voluntary, context_switches_involuntary;
  std::string scheduling;  ///< "realtime" or "normal"; empty = not recorded
  std::string receive;     ///< "epoll" or "io_uring"; empty = not recorded
  std::string pinning;     ///< "pinned", "off", "too_few_cores" or "refused"; empty = not recorded
  std::vector<int> cpus;   ///< cores that load threads were kept on
  std::map<std::string, std::string> reasons;  ///< why a field above is empty
};

/// What client, server and load said against each other: the numbers behind the verdict, also of a
/// trial that passed. Empty where there was nothing to compare.
struct TrialChecks {
  std::optional<double> in_flight_asked;      ///< closed loads: the concurrency
  std::optional<double> in_flight_mean;       ///< over the window, counted by the load threads
  std::optional<double> littles_law_mean;     ///< the same from the records: rate times time
  std::optional<std::int64_t> server_tokens;  ///< generated, by the engine's own counter
  std::optional<std::int64_t> client_tokens;  ///< of requests that succeeded, whole trial
  std::optional<double> cached_share;         ///< prompt tokens from a cache
  std::optional<double> in_flight_trend_p, ttft_trend_p;  ///< open loads: is it growing
  std::optional<double> ttft_rise_share;                  ///< open loads: and by how much
  /// Steadiness (methodology M14): mean ln of the window's first quarter of requests less that of
  /// its last. Positive = it became faster.
  std::optional<double> ttft_drift_log, tpot_drift_log;
  std::optional<double> ttft_autocorrelation;  ///< lag 1, in order of schedule, of ln TTFT
};

/// One entry of `trials[]`.
struct TrialResult {
  /// "r1-vllm-chat-c8": repeat, engine, workload, load; with "r1.2" the second run of that start.
  /// Also its folder's name.
  std::string id;
  std::string engine;
  std::string workload;
  workload::LoadShape load;
  std::uint32_t repeat = 1;  ///< the block, 1-based
  std::uint32_t run = 1;     ///< within the block's start of the engine, 1-based
  Verdict verdict = Verdict::incomplete;
  std::vector<VerdictCode> codes;
  double window_start_s = 0.0, window_end_s = 0.0;  ///< after the trial's start
  std::string schedule_sha256;
  TrialCounts counts;
  TrialMetrics metrics;
  TrialResources resources;
  TrialServer server;
  TrialClient client;
  TrialChecks checks;
  nlohmann::json calibration;     ///< "before" and "after" (docs/RESULT_FORMAT.md), or null
  nlohmann::json engine_info;     ///< version, effective settings, start-up times, token counters
  nlohmann::json speed_of_light;  ///< the roofline and its share (docs/METRICS.md), or null
};

/// The whole of results.json.
struct StudyResult {
  bool simulated = false;
  nlohmann::json study;     ///< the study as parsed, with defaults
  nlohmann::json manifest;  ///< methodology M35
  /// Whether the engines are comparable (analysis/fairness.h); empty where one was measured.
  nlohmann::json fairness = nlohmann::json::object();
  /// What the runs say together (docs/RESULT_FORMAT.md): a value with its interval for each engine
  /// and metric; pairs of engines; advice.
  nlohmann::json estimates = nlohmann::json::array();
  nlohmann::json comparisons = nlohmann::json::array();
  nlohmann::json recommendations = nlohmann::json::array();
  std::vector<TrialResult> trials;
};

/// JSON with exactly the names of docs/RESULT_FORMAT.md. Text in it is valid UTF-8 and numbers are
/// finite, whatever the input held: a number that is not finite becomes null, with its reason.
nlohmann::json to_json(const TrialResult& trial);
/// The inverse; errors have kind `study` and name the field.
base::Result<TrialResult> trial_from_json(const nlohmann::json& json);
nlohmann::json to_json(const StudyResult& result);
base::Result<StudyResult> study_result_from_json(const nlohmann::json& json);

/// `load` of a trial: kind, and concurrency or rate_per_s with arrivals.
nlohmann::json to_json(const workload::LoadShape& load);
base::Result<workload::LoadShape> load_from_json(const nlohmann::json& json);

/// The text of results.json, the same for the same result, and the way back.
std::string to_text(const StudyResult& result);
base::Result<StudyResult> study_result_from_text(std::string_view text);

/// results.json and a trial's summary, written whole or not at all. Errors name the path.
base::Result<void> write_result_file(const std::filesystem::path& path, const StudyResult& result);
base::Result<StudyResult> read_result_file(const std::filesystem::path& path);
base::Result<void> write_trial_file(const std::filesystem::path& path, const TrialResult& trial);
base::Result<TrialResult> read_trial_file(const std::filesystem::path& path);

const char* to_word(Verdict verdict);
template <>
std::optional<Verdict> from_word(std::string_view word);

}  // namespace tokamark::record
