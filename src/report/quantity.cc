#include "report/quantity.h"

#include <cmath>

#include "base/assert.h"

namespace tokamark::report {
namespace {

using Reasons = std::map<std::string, std::string>;

Reading reading(std::optional<double> value, const Reasons& reasons, const std::string& key) {
  if (value && std::isfinite(*value)) {
    return {value, ""};
  }
  const auto found = reasons.find(key);
  return {std::nullopt, found == reasons.end() ? "not recorded" : found->second};
}

Reading percentile(const record::LatencySummary& summary, const std::string& part) {
  const auto value = part == "p50" ? summary.p50 : part == "p95" ? summary.p95 : summary.p99;
  return reading(value, summary.reasons, part);
}

}  // namespace

const QuantityInfo& info(Quantity quantity) {
  const auto& entry = kQuantities.at(static_cast<std::size_t>(quantity));
  TOKAMARK_ASSERT(entry.quantity == quantity);
  return entry;
}

std::string full_name(Quantity quantity) {
  const auto& entry = info(quantity);
  const std::string part = entry.part;
  return part.empty() ? entry.group : std::string(entry.group) + " " + part;
}

Reading read(Quantity quantity, const record::TrialResult& trial) {
  const auto& m = trial.metrics;
  const auto& entry = info(quantity);
  const std::string group = entry.group;
  if (group == "TTFT") {
    return percentile(m.ttft_ms, entry.part);
  }
  if (group == "TPOT") {
    return percentile(m.tpot_ms, entry.part);
  }
  if (group == "E2E") {
    return percentile(m.e2e_ms, entry.part);
  }
  if (quantity == Quantity::output_tokens_per_s) {
    return reading(m.output_tokens_per_s, m.reasons, "output_tokens_per_s");
  }
  return reading(m.goodput_requests_per_s, m.reasons, "goodput_requests_per_s");
}

}  // namespace tokamark::report
