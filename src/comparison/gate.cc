#include "comparison/gate.h"

#include <fmt/format.h>

#include <regex>

namespace tokamark::comparison {

base::Result<Gate> parse_gate(const std::string& text) {
  static const std::regex kForm(R"(\s*([a-z0-9_]+)\s*([<>])\s*([+-]?\d+(\.\d+)?)\s*%\s*)");
  std::smatch parts;
  if (!std::regex_match(text, parts, kForm)) {
    return base::Error{base::ErrorKind::usage,
                       fmt::format("--fail-if '{}': expected METRIC > +N% or METRIC < -N%, as in "
                                   "'tpot_p99_ms > +5%'",
                                   text)};
  }
  Gate gate;
  gate.text = text;
  gate.metric = find_metric(parts[1].str());
  gate.above = parts[2] == ">";
  gate.limit = std::stod(parts[3].str()) / 100.0;
  if (gate.metric == nullptr) {
    std::vector<std::string_view> names;
    for (const Metric& metric : all_metrics()) names.push_back(metric.name);
    return base::Error{base::ErrorKind::usage,
                       fmt::format("--fail-if '{}': there is no metric {}; there are {}", text,
                                   parts[1].str(), fmt::join(names, ", "))};
  }
  return gate;
}

GateState check(const Gate& gate, const Comparison& comparison) {
  if (!comparison.interval || comparison.refused) return GateState::unknown;
  const double limit = 1.0 + gate.limit;
  const bool low_beyond = gate.above ? comparison.interval->low > limit  //
                                     : comparison.interval->low < limit;
  const bool high_beyond =
      gate.above ? comparison.interval->high > limit : comparison.interval->high < limit;
  if (low_beyond && high_beyond) return GateState::failed;
  return low_beyond || high_beyond ? GateState::undecided : GateState::passed;
}

}  // namespace tokamark::comparison
