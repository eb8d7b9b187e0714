#include "report/study_tables.h"

#include <algorithm>
#include <numeric>

#include "report/at_slo.h"
#include "report/estimates.h"
#include "report/fairness_table.h"
#include "report/headline.h"
#include "report/method.h"
#include "report/self_check.h"
#include "report/speed_of_light.h"
#include "report/verdicts.h"

namespace tokamark::report {
namespace {

/// Two workloads may have names that make the same file name.
void make_ids_differ(std::vector<Table>& tables) {
  for (std::size_t i = 0; i < tables.size(); ++i) {
    const std::string id = tables[i].id;
    std::size_t number = 1;
    const auto taken = [&](const std::string& name) {
      return std::any_of(tables.begin(), tables.begin() + static_cast<std::ptrdiff_t>(i),
                         [&name](const Table& t) { return t.id == name; });
    };
    while (taken(tables[i].id)) tables[i].id = id + "-" + std::to_string(++number);
  }
}

}  // namespace

std::vector<Table> study_tables(const record::StudyResult& result,
                                const detail::StudyDetail& detail) {
  const auto workloads = make_rows(result);
  std::vector<Table> tables;
  for (const AtSlo& at : at_slo(result, workloads)) tables.push_back(slo_table(result, at));
  for (const WorkloadRows& workload : workloads) tables.push_back(make_headline(workload));
  tables.push_back(comparison_table(result, Metrics::primary));
  tables.push_back(comparison_table(result, Metrics::others));
  for (const FairnessTable& fairness : fairness_tables(result)) {
    tables.push_back(as_table(fairness));
  }
  tables.push_back(speed_table(speed_of_light(result, workloads)));
  tables.push_back(self_check_table(result));
  tables.push_back(request_table(result, workloads));
  tables.push_back(error_table(result, workloads, detail));
  tables.push_back(estimate_table(result, Metrics::primary));
  tables.push_back(estimate_table(result, Metrics::others));
  tables.push_back(run_table(result));
  tables.push_back(method_table(result));
  tables.erase(std::remove_if(tables.begin(), tables.end(),
                              [](const Table& table) { return table.rows.empty(); }),
               tables.end());
  make_ids_differ(tables);
  return tables;
}

Table error_table(const record::StudyResult& result, const std::vector<WorkloadRows>& workloads,
                  const detail::StudyDetail& detail) {
  Table table;
  table.id = "errors";
  table.title = std::string("Errors by kind") + (result.simulated ? " (SIMULATED)" : "");
  table.simulated = result.simulated;
  table.columns = {{"", "Workload", Align::left, "workload", ""},
                   {"", "Engine", Align::left, "engine", ""},
                   {"", "Load", Align::left, "load", ""},
                   {"", "Kind", Align::left, "kind", ""},
                   {"", "Requests", Align::right, "requests", ""}};
  for (const WorkloadRows& workload : workloads) {
    for (const Row& row : workload.rows) {
      std::map<std::string, std::int64_t> kinds;
      for (const auto* trial : row.trials) {
        const auto found = detail.find(trial->id);
        if (found == detail.end()) continue;
        for (const auto& series : found->second.errors) {
          kinds[series.kind] +=
              std::accumulate(series.counts.begin(), series.counts.end(), std::int64_t{0});
        }
      }
      for (const auto& [kind, count] : kinds) {
        table.rows.push_back({{text_cell(row.workload), text_cell(row.engine),
                               text_cell(row.load.label()), text_cell(kind), whole_cell(count)},
                              RowState::plain});
      }
    }
  }
  table.notes = {"Whole trials, warm-up included; docs/RESULT_FORMAT.md names the kinds."};
  return table;
}

}  // namespace tokamark::report
