#include "report/speed_of_light.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "report/text.h"

namespace tokamark::report {

namespace {

using Json = nlohmann::json;

std::optional<double> number(const Json& speed, const char* name) {
  const auto at = speed.is_object() ? speed.find(name) : speed.end();
  if (!speed.is_object() || at == speed.end() || !at->is_number()) return std::nullopt;
  return at->get<double>();
}

/// The median over the runs, as with every number of a table; empty when one lacks it.
std::optional<double> median_of(const Row& row, const char* name) {
  std::vector<double> values;
  for (const auto* trial : row.used) {
    const auto value = number(trial->speed_of_light, name);
    if (!value) return std::nullopt;
    values.push_back(*value);
  }
  if (values.empty()) return std::nullopt;
  std::sort(values.begin(), values.end());
  const auto half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2.0;
}

std::string percent(std::optional<double> share) {
  return share ? fmt::format("{:.3g} %", 100.0 * *share) : "-";
}

void add_once(std::string& list, const std::string& word, const char* between) {
  if (list == word || list.find(word + between) != std::string::npos ||
      list.find(between + word) != std::string::npos) {
    return;
  }
  list += (list.empty() ? "" : between) + word;
}

std::optional<SpeedRow> row_of(const Row& row) {
  const auto tpot = median_of(row, "tpot_fraction");
  const auto output = median_of(row, "output_fraction");
  const auto ttft = median_of(row, "ttft_fraction");
  if (!tpot && !output && !ttft) return std::nullopt;
  SpeedRow speed{row.workload,
                 row.load.label(),
                 row.engine,
                 percent(tpot),
                 percent(output),
                 percent(ttft),
                 "",
                 verdict_text(row),
                 !row.comparable,
                 false};
  for (const auto* trial : row.used) {
    add_once(speed.bound, text_at(trial->speed_of_light, {"bound"}), " and ");
    for (const char* name : {"tpot_fraction", "output_fraction", "ttft_fraction"}) {
      speed.impossible =
          speed.impossible || number(trial->speed_of_light, name).value_or(0.0) > 1.0;
    }
  }
  return speed;
}

}  // namespace

SpeedOfLight speed_of_light(const record::StudyResult& result,
                            const std::vector<WorkloadRows>& workloads) {
  SpeedOfLight speed;
  speed.simulated = result.simulated;
  speed.title = std::string("Of the speed of light") + (result.simulated ? " (SIMULATED)" : "");
  std::vector<std::pair<std::string, std::string>> unknown;  // a reason and its engines
  for (const WorkloadRows& workload : workloads) {
    for (const Row& row : workload.rows) {
      if (auto found = row_of(row)) {
        speed.rows.push_back(std::move(*found));
        continue;
      }
      for (const auto* trial : row.used) {
        const std::string reason = text_at(trial->speed_of_light, {"reason"});
        if (reason.empty()) continue;
        auto at = std::find_if(unknown.begin(), unknown.end(),
                               [&reason](const auto& entry) { return entry.first == reason; });
        if (at == unknown.end()) at = unknown.insert(at, {reason, ""});
        add_once(at->second, row.engine, ", ");
      }
    }
  }
  for (const auto& [reason, engines] : unknown) {
    speed.unknown.push_back(fmt::format("Not known for {}: {}.", engines, reason));
  }
  return speed;
}

std::string speed_sentence(const SpeedOfLight& speed) {
  std::string text =
      "What the weights, the cache and the arithmetic of a step take at least, by the published "
      "peaks of the GPU, as a share of the time that was measured; for output the rate as a share "
      "of the greatest.";
  if (std::any_of(speed.rows.begin(), speed.rows.end(),
                  [](const auto& r) { return r.impossible; })) {
    text +=
        " IMPOSSIBLE: a share is above 100 %, so the facts of the model or the GPU are wrong, or "
        "the measurement is.";
  }
  return text;
}

Table speed_table(const SpeedOfLight& speed) {
  Table table;
  table.id = "speed-of-light";
  table.title = speed.title;
  table.simulated = speed.simulated;
  table.columns = {{"", "Workload", Align::left, "workload", ""},
                   {"", "Load", Align::left, "load", ""},
                   {"", "Engine", Align::left, "engine", ""},
                   {"", "TPOT", Align::left, "tpot_fraction", ""},
                   {"", "Output", Align::left, "output_fraction", ""},
                   {"", "TTFT", Align::left, "ttft_fraction", ""},
                   {"", "Bound by", Align::left, "bound", ""},
                   {"", "Verdict", Align::left, "verdict", ""}};
  for (const SpeedRow& row : speed.rows) {
    TableRow& made = table.rows.emplace_back();
    for (const std::string& text : {row.workload, row.load, row.engine, row.tpot, row.output,
                                    row.ttft, row.bound, row.verdict}) {
      made.cells.push_back(text_cell(text));
    }
    made.state = row.impossible || row.not_valid ? RowState::bad : RowState::plain;
  }
  if (!speed.rows.empty()) table.notes.push_back(speed_sentence(speed));
  table.notes.insert(table.notes.end(), speed.unknown.begin(), speed.unknown.end());
  return table;
}

std::vector<std::string> speed_lines(const SpeedOfLight& speed) {
  std::vector<std::string> lines;
  for (const SpeedRow& row : speed.rows) {
    lines.push_back(fmt::format("{} {}, {}: TPOT {}, output {}, TTFT {}, bound by {}{}{}",
                                row.workload, row.load, row.engine, row.tpot, row.output, row.ttft,
                                row.bound, row.not_valid ? ", " + row.verdict : "",
                                row.impossible ? " IMPOSSIBLE" : ""));
  }
  lines.insert(lines.end(), speed.unknown.begin(), speed.unknown.end());
  return lines;
}

}  // namespace tokamark::report
