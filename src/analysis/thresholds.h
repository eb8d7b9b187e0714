#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string_view>

namespace tokamark::analysis {

/// Limits behind the verdict codes: the `validity` mapping of a study. `all_thresholds` says what
/// each one means; shares are of 1.
struct Thresholds {
  double error_share = 0.01;
  double lateness_p99_ms = 1.0;
  double lateness_p99_share_of_ttft = 0.01;
  double late_share = 0.001;
  double rate_error_share = 0.01;
  double calibration_error_ms = 0.05;
  double calibration_error_share = 0.02;
  double ttft_excess_share = 0.02;
  double held_share = 0.95;
  double littles_law_share = 0.05;
  double shared_read_share = 0.05;
  double token_count_share = 0.02;
  double cached_share = 0.01;
  double off_length_share = 0.01;
  double unstreamed_share = 0.5;
  double unstreamed_span_share = 0.05;
  double unstreamed_least_tokens = 32.0;
  double trend_p = 0.025;
  double ttft_rise_share = 0.25;
  double gpu_slowdown_share = 0.01;
  double sm_clock_share = 0.01;
  double start_temperature_c = 3.0;
  double settled_share = 0.05;
};

/// One key of `validity`.
struct ThresholdInfo {
  std::string_view key;
  double Thresholds::*value;
  double most;  ///< greatest value that a study may give; the least is 0
  std::string_view code;
  std::string_view meaning;  ///< one sentence
};

/// Every threshold, in the order of their codes' discussion in docs/METRICS.md.
std::span<const ThresholdInfo> all_thresholds();

/// Every key with its value, and back; a key that is absent, as in files of older versions, keeps
/// its default. `json` must be a mapping of numbers, or null.
nlohmann::json to_json(const Thresholds& thresholds);
Thresholds thresholds_from_json(const nlohmann::json& json);

/// Those that are not the default, each with its "value" and "default"; empty when none is.
nlohmann::json changed_thresholds(const Thresholds& thresholds);

}  // namespace tokamark::analysis
