#include "advice/pair_row.h"

#include <fmt/format.h>

#include "advice/facts.h"

namespace tokamark::advice {

namespace {

using nlohmann::json;

std::optional<double> positive(const json& entry, std::string_view key) {
  const auto number = number_under(entry, key);
  return number && *number > 0.0 ? number : std::nullopt;
}

PairVerdict verdict_of(const json& entry, const PairRow& row) {
  const std::string word = text_under(entry, "verdict");
  if (word == "equivalent") return PairVerdict::equivalent;
  const bool whole = row.ratio && row.low && row.high && *row.low <= *row.high &&
                     (row.better == row.a || row.better == row.b);
  return word == "different" && whole ? PairVerdict::different : PairVerdict::not_resolved;
}

std::optional<PairRow> read_row(const json& entry) {
  if (!entry.is_object() || !entry.contains("load")) return std::nullopt;
  const auto load = record::load_from_json(entry.at("load"));
  if (!load.has_value()) return std::nullopt;
  PairRow row;
  row.metric = text_under(entry, "metric");
  row.workload = text_under(entry, "workload");
  row.a = text_under(entry, "a");
  row.b = text_under(entry, "b");
  if (row.metric.empty() || row.a.empty() || row.b.empty() || row.a == row.b) return std::nullopt;
  row.load = load.value();
  const json* primary = find_path(entry, "primary");
  row.primary = primary != nullptr && primary->is_boolean() && primary->get<bool>();
  const double blocks = number_under(entry, "R").value_or(0.0);
  row.blocks = blocks > 0.0 && blocks < 1e9 ? static_cast<std::size_t>(blocks) : 0;
  row.ratio = positive(entry, "ratio");
  row.low = positive(entry, "low");
  row.high = positive(entry, "high");
  row.resolution = positive(entry, "resolution");
  row.better = text_under(entry, "better");
  row.reason = text_under(entry, "reason");
  row.verdict = verdict_of(entry, row);
  if (row.verdict != PairVerdict::different) row.better.clear();
  if (const json* caveats = find_path(entry, "caveats"); caveats && caveats->is_array()) {
    for (const json& caveat : *caveats) {
      if (caveat.is_string()) row.caveats.push_back(caveat.get<std::string>());
    }
  }
  return row;
}

}  // namespace

std::string PairRow::other(const std::string& engine) const {
  return engine == a ? b : engine == b ? a : std::string();
}

std::vector<PairRow> pair_rows(const record::StudyResult& result) {
  std::vector<PairRow> rows;
  if (!result.comparisons.is_array()) return rows;
  for (const json& entry : result.comparisons) {
    if (auto row = read_row(entry)) rows.push_back(std::move(*row));
  }
  return rows;
}

std::string reference(const PairRow& row) {
  return fmt::format("comparisons: {} {} {} {}/{}", row.metric, row.workload, row.load.label(),
                     row.a, row.b);
}

}  // namespace tokamark::advice
