#include "report/headline.h"

#include <fmt/format.h>

#include "report/text.h"

namespace tokamark::report {
namespace {

HeadlineCell whole_number(std::int64_t value) {
  return {std::to_string(value), static_cast<double>(value)};
}

HeadlineCell load_cell(const workload::LoadShape& load) {
  const bool closed = load.kind == workload::LoadKind::closed;
  return {load.label(), closed ? static_cast<double>(load.concurrency) : load.rate_per_s};
}

HeadlineCell memory_cell(const MemoryPeak& memory) {
  if (!memory.bytes) {
    return {"-", std::nullopt};
  }
  return {format_bytes(*memory.bytes) + " " + memory.kind, static_cast<double>(*memory.bytes)};
}

std::vector<HeadlineCell> make_cells(const Row& row) {
  std::vector<HeadlineCell> cells{{row.engine, std::nullopt},
                                  load_cell(row.load),
                                  whole_number(static_cast<std::int64_t>(row.used.size())),
                                  whole_number(row.requests)};
  for (const auto quantity : kTableQuantities) {
    const auto& value = row.cell(quantity).median;
    cells.push_back({format_number(value), value});
  }
  cells.push_back(memory_cell(row.memory));
  cells.push_back(whole_number(row.failures));
  cells.push_back({verdict_text(row), std::nullopt});
  return cells;
}

}  // namespace

Headline make_headline(const WorkloadRows& workload) {
  Headline headline;
  headline.columns = {{"", "Engine", Align::left},
                      {"", "Load", Align::left},
                      {"", "Runs", Align::right},
                      {"", "n", Align::right}};
  for (const auto quantity : kTableQuantities) {
    const auto& entry = info(quantity);
    const std::string part = entry.part;
    if (part.empty()) {
      headline.columns.push_back({entry.group, entry.unit, Align::right});
    } else {
      headline.columns.push_back({std::string(entry.group) + " " + entry.unit, part, Align::right});
    }
  }
  headline.columns.push_back({"Peak", "memory", Align::right});
  headline.columns.push_back({"", "Failed", Align::right});
  headline.columns.push_back({"", "Verdict", Align::left});
  for (const auto& row : workload.rows) {
    headline.rows.push_back(make_cells(row));
  }
  return headline;
}

std::string headline_legend(const std::vector<WorkloadRows>& workloads) {
  const auto runs = repeats(workloads);
  const std::string what =
      runs > 1 ? fmt::format(
                     "Each number is the median over the valid runs (up to {}) of that "
                     "run's own figure",
                     runs)
               : "Each number comes from one run";
  return what +
         ". Runs counts the runs used and n their measured requests; Failed counts failed and "
         "timed-out requests of all runs; peak memory is the largest seen.";
}

}  // namespace tokamark::report
