#include "comparison/metric.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace tokamark::comparison {

namespace {

using record::LatencySummary;
using record::TrialMetrics;
using record::TrialResult;
using Reasons = std::map<std::string, std::string>;

constexpr std::array kMetrics{
    Metric{"ttft_p50_ms"},
    Metric{"ttft_p90_ms"},
    Metric{"ttft_p95_ms"},
    Metric{"ttft_p99_ms"},
    Metric{"tpot_p50_ms"},
    Metric{"tpot_p90_ms"},
    Metric{"tpot_p95_ms"},
    Metric{"tpot_p99_ms"},
    Metric{"itl_p50_ms"},
    Metric{"itl_p99_ms"},
    Metric{"e2e_p50_ms"},
    Metric{"e2e_p90_ms"},
    Metric{"e2e_p95_ms"},
    Metric{"e2e_p99_ms"},
    Metric{"output_tokens_per_s", Better::higher, true},
    Metric{"requests_per_s", Better::higher, true},
    Metric{"goodput_requests_per_s", Better::higher},
    Metric{"slo_attainment", Better::higher},
    Metric{"fluidity_index", Better::higher},
    Metric{"gpu_energy_per_output_token_j"},
    Metric{"cost_per_million_output_tokens_usd", Better::lower, true},
};

Reading reading(std::optional<double> value, const Reasons& reasons, const std::string& key) {
  if (value && std::isfinite(*value)) return {value, {}};
  const auto found = reasons.find(key);
  return {std::nullopt, found == reasons.end() ? "not recorded" : found->second};
}

/// "p99_ms" of a latency.
Reading read_latency(const LatencySummary& summary, std::string_view part) {
  const std::string name(part.substr(0, part.find('_')));
  const auto value = name == "p50"   ? summary.p50
                     : name == "p90" ? summary.p90
                     : name == "p95" ? summary.p95
                                     : summary.p99;
  return reading(value, summary.reasons, name);
}

const LatencySummary* find_latency(const TrialMetrics& metrics, std::string_view name) {
  if (name == "ttft") return &metrics.ttft_ms;
  if (name == "tpot") return &metrics.tpot_ms;
  if (name == "itl") return &metrics.itl_ms;
  if (name == "e2e") return &metrics.e2e_ms;
  return nullptr;
}

/// US dollars for a million output tokens on a machine of this price (methodology M32): price /
/// 3600 / (tokens a second) x 10^6.
Reading read_cost(const TrialMetrics& metrics, std::optional<double> price_per_hour_usd) {
  if (!price_per_hour_usd) return {std::nullopt, "the study states no hardware.price_per_hour_usd"};
  Reading rate = reading(metrics.output_tokens_per_s, metrics.reasons, "output_tokens_per_s");
  if (rate.value && *rate.value <= 0.0) return {std::nullopt, "no output token arrived"};
  if (rate.value) rate.value = *price_per_hour_usd / 3600.0 / *rate.value * 1e6;
  return rate;
}

}  // namespace

std::span<const Metric> all_metrics() { return kMetrics; }

const Metric* find_metric(std::string_view name) {
  const auto* const found = std::find_if(kMetrics.begin(), kMetrics.end(),
                                         [name](const Metric& m) { return m.name == name; });
  return found == kMetrics.end() ? nullptr : found;
}

Reading read(const Metric& metric, const TrialResult& trial,
             std::optional<double> price_per_hour_usd) {
  const std::size_t split = metric.name.find('_');
  if (const auto* const latency = find_latency(trial.metrics, metric.name.substr(0, split))) {
    return read_latency(*latency, metric.name.substr(split + 1));
  }
  const TrialMetrics& m = trial.metrics;
  const std::string key(metric.name);
  if (key == "output_tokens_per_s") return reading(m.output_tokens_per_s, m.reasons, key);
  if (key == "requests_per_s") return reading(m.requests_per_s, m.reasons, key);
  if (key == "goodput_requests_per_s") return reading(m.goodput_requests_per_s, m.reasons, key);
  if (key == "slo_attainment") return reading(m.slo_attainment, m.reasons, key);
  if (key == "fluidity_index") return reading(m.fluidity_index, m.reasons, key);
  if (key == "gpu_energy_per_output_token_j") {
    return reading(trial.resources.gpu_energy_per_output_token_j, trial.resources.reasons, key);
  }
  return read_cost(m, price_per_hour_usd);
}

}  // namespace tokamark::comparison
