#include "figures/measure.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "record/result.h"
#include "report/text.h"
#include "stats/quantile.h"

namespace tokamark::figures {
namespace {

using report::format_number;

std::string metric_name(report::Quantity quantity) {
  const auto& entry = report::info(quantity);
  const std::string group = entry.group;
  if (group == "Output") return "output_tokens_per_s";
  if (group == "Goodput") return "goodput_requests_per_s";
  const std::string stem = group == "TTFT" ? "ttft" : group == "TPOT" ? "tpot" : "e2e";
  return stem + "_" + entry.part + "_ms";
}

std::optional<double> number(const nlohmann::json& entry, const char* key) {
  const auto found = entry.find(key);
  if (found == entry.end() || !found->is_number()) return std::nullopt;
  return found->get<double>();
}

/// The estimate of one row, or null.
const nlohmann::json* find_estimate(const Frame& frame, const report::Row& row,
                                    const std::string& metric) {
  if (metric.empty() || !frame.result.estimates.is_array()) return nullptr;
  const auto load = record::to_json(row.load);
  for (const auto& entry : frame.result.estimates) {
    if (entry.is_object() && report::text_at(entry, {"metric"}) == metric &&
        report::text_at(entry, {"engine"}) == row.engine &&
        report::text_at(entry, {"workload"}) == row.workload &&
        entry.value("load", nlohmann::json()) == load) {
      return &entry;
    }
  }
  return nullptr;
}

}  // namespace

Measure measure(report::Quantity quantity) {
  return {report::full_name(quantity), report::info(quantity).unit, metric_name(quantity),
          [quantity](const record::TrialResult& trial) { return report::read(quantity, trial); }};
}

Measure attainment_measure() {
  const auto read = [](const record::TrialResult& trial) -> report::Reading {
    const auto& metrics = trial.metrics;
    if (metrics.slo_attainment && std::isfinite(*metrics.slo_attainment)) {
      return {*metrics.slo_attainment * 100.0, ""};
    }
    const auto found = metrics.reasons.find("slo_attainment");
    return {std::nullopt, found == metrics.reasons.end() ? "not recorded" : found->second};
  };
  return {"Requests within the SLO", "%", "slo_attainment", read, 100.0};
}

Measure above_zero(Measure measure, const std::string& reason) {
  measure.read = [read = measure.read, reason](const record::TrialResult& trial) {
    auto found = read(trial);
    return found.value && !(*found.value > 0.0) ? report::Reading{std::nullopt, reason} : found;
  };
  return measure;
}

Value value_of(const Frame& frame, const report::Row& row, const Measure& measure) {
  Value value;
  std::size_t missing = 0;
  for (const auto* trial : row.used) {
    const auto found = measure.read(*trial);
    if (found.value) {
      value.runs.push_back(*found.value);
    } else {
      ++missing;
      value.reason = found.reason;
    }
  }
  if (missing > 0 || value.runs.empty()) {
    if (missing < row.used.size()) {
      value.reason += fmt::format(" (in {} of {} runs)", missing, row.used.size());
    }
    return value;
  }
  value.reason.clear();
  value.median = stats::median(value.runs);
  const auto [least, most] = std::minmax_element(value.runs.begin(), value.runs.end());
  value.low = *least;
  value.high = *most;
  value.spread = value.runs.size() > 1 ? Spread::range : Spread::none;
  const auto* estimate = row.comparable ? find_estimate(frame, row, measure.metric) : nullptr;
  if (estimate != nullptr) {
    const auto low = number(*estimate, "low");
    const auto high = number(*estimate, "high");
    if (low && high) {
      value.low = *low * measure.per_estimate;
      value.high = *high * measure.per_estimate;
      value.spread = Spread::interval;
      value.blocks =
          static_cast<std::size_t>(std::clamp(number(*estimate, "R").value_or(0.0), 0.0, 1e9));
    }
  }
  return value;
}

std::string spread_text(const Value& value, double factor) {
  const auto runs = report::count_of(value.runs.size(), "run");
  if (value.spread == Spread::none) return runs;
  const auto bounds = fmt::format("{} to {}", format_number(value.low * factor),
                                  format_number(value.high * factor));
  return value.spread == Spread::interval ? fmt::format("95 % interval {} of {}", bounds,
                                                        report::count_of(value.blocks, "block"))
                                          : fmt::format("{}, {}", runs, bounds);
}

}  // namespace tokamark::figures
