#include <array>

#include "comparison/comparison.h"

namespace tokamark::comparison {

namespace {

using nlohmann::json;

json or_null(const std::optional<double>& value) { return value ? json(*value) : json(nullptr); }

json or_null(const std::string& text) { return text.empty() ? json(nullptr) : json(text); }

json low_of(const std::optional<stats::Interval>& interval) {
  return interval ? json(interval->low) : json(nullptr);
}

json high_of(const std::optional<stats::Interval>& interval) {
  return interval ? json(interval->high) : json(nullptr);
}

}  // namespace

const char* to_word(Verdict verdict) {
  static constexpr std::array kWords{"different", "equivalent", "not_resolved"};
  return kWords.at(static_cast<std::size_t>(verdict));
}

json to_json(const Estimate& estimate) {
  return {{"engine", estimate.engine},
          {"workload", estimate.workload},
          {"load", record::to_json(estimate.load)},
          {"metric", estimate.metric},
          {"R", estimate.starts},
          {"runs", estimate.runs},
          {"median", or_null(estimate.median)},
          {"low", low_of(estimate.sign_interval)},
          {"high", high_of(estimate.sign_interval)},
          {"t_low", low_of(estimate.t_interval)},
          {"t_high", high_of(estimate.t_interval)},
          {"sd_log", or_null(estimate.sd_log)},
          {"between_starts_share", or_null(estimate.between_starts_share)},
          {"reason", or_null(estimate.reason)}};
}

json to_json(const Comparison& comparison) {
  return {{"metric", comparison.metric},
          {"workload", comparison.workload},
          {"load", record::to_json(comparison.load)},
          {"a", comparison.a},
          {"b", comparison.b},
          {"primary", comparison.primary},
          {"paired", comparison.paired},
          {"R", comparison.blocks},
          {"a_greater", comparison.a_greater},
          {"a_value", or_null(comparison.a_value)},
          {"b_value", or_null(comparison.b_value)},
          {"ratio", or_null(comparison.ratio)},
          {"low", low_of(comparison.interval)},
          {"high", high_of(comparison.interval)},
          {"p", or_null(comparison.p)},
          {"p_adjusted", or_null(comparison.p_adjusted)},
          {"sd_log", or_null(comparison.sd_log)},
          {"resolution", or_null(comparison.resolution)},
          {"verdict", to_word(comparison.verdict)},
          {"better", or_null(comparison.better)},
          {"refused", comparison.refused},
          {"reason", or_null(comparison.reason)},
          {"caveats", comparison.caveats}};
}

}  // namespace tokamark::comparison
