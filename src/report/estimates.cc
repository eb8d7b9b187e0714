#include "report/estimates.h"

#include <fmt/format.h>

#include <algorithm>

#include "advice/wording.h"
#include "comparison/comparison.h"
#include "report/rows.h"
#include "report/text.h"

namespace tokamark::report {
namespace {

using nlohmann::json;

std::optional<double> number_under(const json& entry, const char* name) {
  const auto found = entry.find(name);
  if (found == entry.end() || !found->is_number()) return std::nullopt;
  return found->get<double>();
}

std::size_t count_under(const json& entry, const char* name) {
  const auto value = number_under(entry, name);
  return value && *value > 0.0 && *value < 1e9 ? static_cast<std::size_t>(*value) : 0;
}

TableRow row_of(const EstimateRow& estimate) {
  TableCell interval = text_cell("-");
  if (estimate.interval) {
    interval.text =
        format_number(estimate.interval->low) + " to " + format_number(estimate.interval->high);
  }
  TableCell median = number_cell(estimate.median);
  median.interval = estimate.interval;
  return {{text_cell(estimate.workload), text_cell(estimate.load.label()),
           text_cell(advice::metric_words(estimate.metric)), text_cell(estimate.engine),
           whole_cell(static_cast<std::int64_t>(estimate.blocks)),
           whole_cell(static_cast<std::int64_t>(estimate.runs)), median, interval,
           share_cell(estimate.sd_log), text_cell(estimate.reason)},
          RowState::plain};
}

}  // namespace

std::vector<EstimateRow> estimate_rows(const record::StudyResult& result) {
  std::vector<EstimateRow> rows;
  if (!result.estimates.is_array()) return rows;
  for (const json& entry : result.estimates) {
    if (!entry.is_object()) continue;
    const auto load = record::load_from_json(entry.value("load", json()));
    EstimateRow row;
    row.engine = text_at(entry, {"engine"});
    row.workload = text_at(entry, {"workload"});
    row.metric = text_at(entry, {"metric"});
    if (!load.has_value() || row.engine.empty() || row.metric.empty()) continue;
    row.load = load.value();
    row.blocks = count_under(entry, "R");
    row.runs = count_under(entry, "runs");
    row.median = number_under(entry, "median");
    const auto low = number_under(entry, "low");
    const auto high = number_under(entry, "high");
    if (row.median && low && high) row.interval = CellInterval{*low, *high};
    row.sd_log = number_under(entry, "sd_log");
    row.reason = text_at(entry, {"reason"});
    rows.push_back(std::move(row));
  }
  return rows;
}

const EstimateRow* find_estimate(const std::vector<EstimateRow>& rows, const std::string& engine,
                                 const std::string& workload, const std::string& load,
                                 const std::string& metric) {
  const auto found = std::find_if(rows.begin(), rows.end(), [&](const EstimateRow& row) {
    return row.engine == engine && row.workload == workload && row.metric == metric &&
           row.load.label() == load;
  });
  return found == rows.end() ? nullptr : &*found;
}

TableCell estimate_cell(std::optional<double> value, std::optional<CellInterval> interval) {
  TableCell cell = number_cell(value);
  if (!cell.number || !interval) return cell;
  cell.interval = interval;
  cell.text +=
      fmt::format(" [{}, {}]", format_number(interval->low), format_number(interval->high));
  return cell;
}

Table estimate_table(const record::StudyResult& result, Metrics metrics) {
  const bool wanted = metrics == Metrics::primary;
  const auto primary = comparison::primary_metrics(result);
  Table table;
  table.id = wanted ? "estimates" : "estimates-others";
  table.title = std::string(wanted ? "Repeats" : "Repeats, metrics that are not primary") +
                (result.simulated ? " (SIMULATED)" : "");
  table.simulated = result.simulated;
  table.columns = {{"", "Workload", Align::left, "workload", ""},
                   {"", "Load", Align::left, "load", ""},
                   {"", "Metric", Align::left, "metric", ""},
                   {"", "Engine", Align::left, "engine", ""},
                   {"", "Blocks", Align::right, "blocks", ""},
                   {"", "Runs", Align::right, "runs", ""},
                   {"", "Median", Align::right, "median", ""},
                   {"", "95 % interval", Align::left, "", ""},
                   {"", "Spread", Align::right, "sd_log", ""},
                   {"", "Why no value", Align::left, "reason", ""}};
  for (const EstimateRow& row : estimate_rows(result)) {
    const bool is_primary = std::find(primary.begin(), primary.end(), row.metric) != primary.end();
    if (is_primary == wanted) table.rows.push_back(row_of(row));
  }
  table.notes = {
      "The median over blocks, each a start of the engine where tokamark starts it, with its "
      "sign-test interval, which needs six; spread is the standard deviation between them of the "
      "natural logarithms, near enough a relative one."};
  return table;
}

}  // namespace tokamark::report
