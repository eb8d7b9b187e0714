#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "analysis/thresholds.h"
#include "base/clock.h"
#include "base/error.h"
#include "record/result.h"
#include "workload/schedule.h"

namespace tokamark::analysis {

/// Limits that a good request meets, in milliseconds; an empty one does not count.
struct Slo {
  std::optional<double> ttft_ms, tpot_ms, e2e_ms;
  [[nodiscard]] bool empty() const { return !ttft_ms && !tpot_ms && !e2e_ms; }
};

/// Whether answers must have the asked length.
enum class OutputLength { exact, natural };

/// Everything about a trial that its request records do not say: with them it is all that a
/// summary is made of. Stored as facts.json beside the records.
struct TrialFacts {
  std::string id, engine, workload;
  workload::LoadShape load;
  std::uint32_t repeat = 1;
  std::uint32_t run = 1;  ///< within the repeat's start of the engine
  base::Nanos window_start{-1}, window_end{-1};  ///< -1 = never opened or closed
  std::uint32_t least_requests = 0;
  Slo slo;
  Thresholds validity;
  OutputLength output_length = OutputLength::exact;
  bool cold_cache = false;  ///< prompts are salted, so that no prefix cache should help
  std::string schedule_sha256;
  record::TrialResources resources;
  record::TrialServer server;
  double client_cpu_s = 0.0;         ///< load threads, whole trial
  double client_window_cpu_s = 0.0;  ///< load threads, inside the window
  /// Of the load threads, inside the window: time ready to run but without a core, and context
  /// switches. Empty where the kernel does not say, the window did not open and close, or an older
  /// version ran the trial.
  std::optional<double> client_run_delay_s;
  std::optional<std::int64_t> client_context_switches_voluntary;
  std::optional<std::int64_t> client_context_switches_involuntary;
  std::optional<double> in_flight_mean;  ///< over the window, counted by the load threads
  std::string scheduling;                ///< "realtime" or "normal": priority of the load threads
  std::string receive;                   ///< "epoll" or "io_uring"; empty = an older version
  std::string pinning;                   ///< as load::PlayResult::pinning; empty = an older version
  std::vector<int> client_cpus;          ///< cores that load threads were kept on
  bool clock_stepped = false;
  std::uint32_t probes = 0;  ///< single requests before the load
  bool never_warm = false;   ///< the probes did not settle within their limit (methodology M14)
  /// Why the machine was not as at the study's start when the engine was started; empty = it was.
  std::string dirty_machine;
  std::string stopped;  ///< why the trial ended early; empty = it did not
  /// "before" and "after": the load generator against the null engine, as calibration::to_json has
  /// it, or {"skipped": reason}. Null when none was asked for, or an older version ran the trial.
  nlohmann::json calibration;
  nlohmann::json engine_info;
};

nlohmann::json to_json(const TrialFacts& facts);
base::Result<TrialFacts> facts_from_json(const nlohmann::json& json);

}  // namespace tokamark::analysis
