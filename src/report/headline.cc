#include "report/headline.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/text.h"

namespace tokamark::report {
namespace {

/// Without a number where closed and open loads share the table: 8 could be either.
TableCell load_cell(const workload::LoadShape& load, bool mixed) {
  if (mixed) return text_cell(load.label());
  const bool closed = load.kind == workload::LoadKind::closed;
  return {load.label(), closed ? static_cast<double>(load.concurrency) : load.rate_per_s, {}, {}};
}

TableCell memory_cell(const MemoryPeak& memory) {
  if (!memory.bytes) {
    return number_cell(std::nullopt);
  }
  return {
      format_bytes(*memory.bytes) + " " + memory.kind, static_cast<double>(*memory.bytes), {}, {}};
}

std::vector<TableCell> make_cells(const Row& row, bool mixed) {
  std::vector<TableCell> cells{text_cell(row.engine), load_cell(row.load, mixed),
                               whole_cell(static_cast<std::int64_t>(row.used.size())),
                               whole_cell(row.requests)};
  for (const auto quantity : kTableQuantities) {
    cells.push_back(number_cell(row.cell(quantity).median));
  }
  cells.push_back(memory_cell(row.memory));
  cells.push_back(whole_cell(row.failures));
  cells.push_back(text_cell(verdict_text(row)));
  return cells;
}

}  // namespace

Table make_headline(const WorkloadRows& workload) {
  Table table;
  table.id = "results-" + file_slug(workload.workload);
  table.simulated = workload.simulated;
  table.title = "Workload " + workload.workload + (workload.simulated ? " (SIMULATED)" : "");
  table.columns = {{"", "Engine", Align::left, "engine", ""},
                   {"", "Load", Align::left, "load", ""},
                   {"", "Runs", Align::right, "runs", ""},
                   {"", "n", Align::right, "requests", ""}};
  for (const auto quantity : kTableQuantities) {
    const auto& entry = info(quantity);
    const std::string part = entry.part;
    const bool whole = part.empty();
    table.columns.push_back({whole ? entry.group : std::string(entry.group) + " " + entry.unit,
                             whole ? entry.unit : part, Align::right, entry.key, entry.key_unit});
  }
  table.columns.push_back({"Peak", "memory", Align::right, "memory_peak", "bytes"});
  table.columns.push_back({"", "Failed", Align::right, "failed", ""});
  table.columns.push_back({"", "Verdict", Align::left, "verdict", ""});
  const bool mixed = std::any_of(workload.rows.begin(), workload.rows.end(), [&](const Row& row) {
    return row.load.kind != workload.rows.front().load.kind;
  });
  for (const auto& row : workload.rows) {
    table.rows.push_back(
        {make_cells(row, mixed), row.comparable ? RowState::plain : RowState::bad});
  }
  return table;
}

std::string headline_legend(const std::vector<WorkloadRows>& workloads) {
  const auto most = runs(workloads);
  const std::string what =
      most > 1 ? fmt::format(
                     "Each number is the median over the valid runs (up to {}) of that "
                     "run's own figure",
                     most)
               : "Each number comes from one run";
  return what +
         ". Runs counts the runs used and n their measured requests; Failed counts failed and "
         "timed-out requests of all runs; peak memory is the largest seen.";
}

}  // namespace tokamark::report
