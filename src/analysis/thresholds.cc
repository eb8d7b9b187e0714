#include "analysis/thresholds.h"

#include <array>
#include <string>

namespace tokamark::analysis {

namespace {

constexpr double kMost_ms = 1e6;

constexpr std::array kThresholds{
    ThresholdInfo{"error_share", &Thresholds::error_share, 1.0, "errors",
                  "Share of requests that may fail, time out or be refused."},
    ThresholdInfo{"lateness_p99_ms", &Thresholds::lateness_p99_ms, kMost_ms, "client_late",
                  "The p99 of lateness that is always allowed."},
    ThresholdInfo{"lateness_p99_share_of_ttft", &Thresholds::lateness_p99_share_of_ttft, 1.0,
                  "client_late", "The p99 of lateness that is allowed, as a share of p50 TTFT."},
    ThresholdInfo{"late_share", &Thresholds::late_share, 1.0, "client_late",
                  "Share of requests that may be sent more than 5 ms late."},
    ThresholdInfo{"rate_error_share", &Thresholds::rate_error_share, 1.0, "client_late",
                  "Open loads: how far the requests sent may be from those scheduled."},
    ThresholdInfo{"calibration_error_ms", &Thresholds::calibration_error_ms, kMost_ms,
                  "client_inaccurate", "The p99 error of the client that is always allowed."},
    ThresholdInfo{"calibration_error_share", &Thresholds::calibration_error_share, 1.0,
                  "client_inaccurate",
                  "The p99 error of the client that is allowed, as a share of p50 TTFT or ITL."},
    ThresholdInfo{"ttft_excess_share", &Thresholds::ttft_excess_share, 100.0, "client_limited",
                  "How far p99 TTFT may be above p99 TTFT from the send."},
    ThresholdInfo{"held_share", &Thresholds::held_share, 1.0, "client_limited",
                  "Closed loads: least mean of requests in flight, as a share of those asked for."},
    ThresholdInfo{"littles_law_share", &Thresholds::littles_law_share, 1.0, "littles_law",
                  "How far throughput times latency may be from the requests in flight."},
    ThresholdInfo{"shared_read_share", &Thresholds::shared_read_share, 1.0, "shared_reads",
                  "Share of events that may be read together with a later one."},
    ThresholdInfo{"token_count_share", &Thresholds::token_count_share, 1.0, "token_count_mismatch",
                  "How far the engine's count of tokens may be from the client's."},
    ThresholdInfo{"cached_share", &Thresholds::cached_share, 1.0, "cache_warm",
                  "Share of the prompt tokens of salted requests that may come from a cache."},
    ThresholdInfo{"off_length_share", &Thresholds::off_length_share, 1.0, "unequal_output",
                  "Share of answers that may have another length than was asked for."},
    ThresholdInfo{"unstreamed_share", &Thresholds::unstreamed_share, 1.0, "not_streaming",
                  "Share of long answers that may come all at once at their end."},
    ThresholdInfo{"unstreamed_span_share", &Thresholds::unstreamed_span_share, 1.0, "not_streaming",
                  "At once: all tokens come in this last share of the request's time."},
    ThresholdInfo{"unstreamed_least_tokens", &Thresholds::unstreamed_least_tokens, 1e6,
                  "not_streaming", "An answer is long from so many tokens on."},
    ThresholdInfo{"trend_p", &Thresholds::trend_p, 0.5, "unstable",
                  "Open loads: level of each of both one-sided tests for a rising trend."},
    ThresholdInfo{"ttft_rise_share", &Thresholds::ttft_rise_share, 100.0, "unstable",
                  "Open loads: rise of TTFT over the window that is no overload, as a share of its "
                  "mean."},
    ThresholdInfo{"gpu_slowdown_share", &Thresholds::gpu_slowdown_share, 1.0, "clock_confounded",
                  "Share of the samples in which a GPU's hardware may slow its clocks."},
    ThresholdInfo{"sm_clock_share", &Thresholds::sm_clock_share, 1.0, "clock_confounded",
                  "How far the mean SM clocks of two engines under one load may be apart."},
    ThresholdInfo{"start_temperature_c", &Thresholds::start_temperature_c, 200.0, "dirty_machine",
                  "How much hotter than at the study's start a GPU may be when an engine starts."},
    ThresholdInfo{"settled_share", &Thresholds::settled_share, 1.0, "never_warm",
                  "How far the means of 20 probes and of the 20 before may be apart."},
};

}  // namespace

std::span<const ThresholdInfo> all_thresholds() { return kThresholds; }

nlohmann::json to_json(const Thresholds& thresholds) {
  auto json = nlohmann::json::object();
  for (const ThresholdInfo& info : kThresholds) {
    json[std::string(info.key)] = thresholds.*info.value;
  }
  return json;
}

Thresholds thresholds_from_json(const nlohmann::json& json) {
  Thresholds thresholds;
  for (const ThresholdInfo& info : kThresholds) {
    const auto found = json.find(std::string(info.key));
    if (found != json.end()) thresholds.*info.value = found->get<double>();
  }
  return thresholds;
}

nlohmann::json changed_thresholds(const Thresholds& thresholds) {
  const Thresholds defaults;
  auto changed = nlohmann::json::object();
  for (const ThresholdInfo& info : kThresholds) {
    if (thresholds.*info.value == defaults.*info.value) continue;
    changed[std::string(info.key)] = {{"value", thresholds.*info.value},
                                      {"default", defaults.*info.value}};
  }
  return changed;
}

}  // namespace tokamark::analysis
