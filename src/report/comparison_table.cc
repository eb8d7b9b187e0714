#include <fmt/format.h>

#include "advice/pair_row.h"
#include "advice/wording.h"
#include "report/verdicts.h"

namespace tokamark::report {
namespace {

using advice::PairRow;
using advice::PairVerdict;

std::string ratio_text(std::optional<double> ratio) {
  return ratio ? fmt::format("{:.3f}", *ratio) : "-";
}

std::string verdict_of(const PairRow& row) {
  if (row.verdict == PairVerdict::equivalent) return "equivalent";
  return row.verdict == PairVerdict::different ? row.better + " ahead" : "~";
}

TableRow row_of(const PairRow& row) {
  TableCell ratio{ratio_text(row.ratio), row.ratio, std::nullopt, Emphasis::none};
  TableCell interval = text_cell("-");
  if (row.low && row.high) {
    ratio.interval = CellInterval{*row.low, *row.high};
    interval.text = ratio_text(row.low) + " to " + ratio_text(row.high);
  }
  return {{text_cell(row.workload), text_cell(row.load.label()),
           text_cell(advice::metric_words(row.metric)), text_cell(row.a + " / " + row.b), ratio,
           interval, whole_cell(static_cast<std::int64_t>(row.blocks)), text_cell(verdict_of(row)),
           text_cell(row.reason)},
          RowState::plain};
}

}  // namespace

Table comparison_table(const record::StudyResult& result, Metrics metrics) {
  const bool primary = metrics == Metrics::primary;
  Table table;
  table.id = primary ? "comparisons" : "comparisons-others";
  table.title =
      std::string(primary ? "Comparisons" : "Comparisons by metrics that are not primary") +
      (result.simulated ? " (SIMULATED)" : "");
  table.simulated = result.simulated;
  table.columns = {
      {"", "Workload", Align::left, "workload", ""}, {"", "Load", Align::left, "load", ""},
      {"", "Metric", Align::left, "metric", ""},     {"", "Engines", Align::left, "engines", ""},
      {"", "Ratio", Align::right, "ratio", ""},      {"", "95 % interval", Align::left, "", ""},
      {"", "Blocks", Align::right, "blocks", ""},    {"", "Verdict", Align::left, "verdict", ""},
      {"", "Why not", Align::left, "reason", ""}};
  for (const PairRow& row : advice::pair_rows(result)) {
    if (row.primary == primary) table.rows.push_back(row_of(row));
  }
  table.notes = {kComparisonLegend};
  const auto caveats = caveat_sentences(result, metrics);
  table.notes.insert(table.notes.end(), caveats.begin(), caveats.end());
  return table;
}

}  // namespace tokamark::report
