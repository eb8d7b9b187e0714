#include "report/change_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/text.h"

namespace tokamark::report {

namespace {

using comparison::Comparison;
using comparison::Verdict;

constexpr const char* kSimulated =
    "SIMULATED: these numbers come from a simulated engine and say nothing about real hardware.";
constexpr const char* kLegend =
    "Verdicts: better or worse = a difference that holds; = equivalent within 2 %; ~ not resolved.";

std::string change_of(double ratio) { return fmt::format("{:+.1f} %", 100.0 * (ratio - 1.0)); }

std::string verdict_of(const Comparison& c) {
  if (c.verdict == Verdict::equivalent) return "=";
  if (c.verdict == Verdict::not_resolved) return "~";
  return c.better == c.a ? "better" : "worse";
}

std::vector<std::string> row_of(const Comparison& c) {
  return {c.workload,
          c.load.label(),
          c.metric + (c.primary ? " *" : ""),
          format_number(c.b_value),
          format_number(c.a_value),
          c.ratio ? change_of(*c.ratio) : "-",
          c.interval ? change_of(c.interval->low) + " to " + change_of(c.interval->high) : "-",
          std::to_string(c.blocks),
          verdict_of(c)};
}

void add_once(std::vector<std::string>& notes, const std::string& note) {
  if (std::find(notes.begin(), notes.end(), note) == notes.end()) notes.push_back(note);
}

bool wanted(const Comparison& c, const std::vector<std::string>& metrics) {
  if (metrics.empty()) return c.primary || c.ratio;
  return std::find(metrics.begin(), metrics.end(), c.metric) != metrics.end();
}

std::vector<std::size_t> widths_of(const ChangeTable& table) {
  std::vector<std::size_t> widths;
  for (const std::string& name : change_columns()) widths.push_back(display_width(name));
  for (const auto& row : table.rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], display_width(plain_line(row[i])));
    }
  }
  return widths;
}

/// Numbers to the right, words to the left.
bool to_the_right(std::size_t column) { return column >= 3 && column <= 7; }

std::string line_of(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const std::string cell = plain_line(cells[i]);
    const std::string gap(widths[i] - display_width(cell), ' ');
    line += (i == 0 ? "" : "  ") + (to_the_right(i) ? gap + cell : cell + gap);
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

}  // namespace

const std::vector<std::string>& change_columns() {
  static const std::vector<std::string> columns{
      "Workload", "Load", "Metric", "Base", "New", "Change", "95 % interval", "R", "Verdict"};
  return columns;
}

std::vector<ChangeTable> change_tables(const std::vector<Comparison>& comparisons,
                                       const std::vector<std::string>& metrics) {
  std::vector<ChangeTable> tables;
  for (const Comparison& c : comparisons) {
    if (!wanted(c, metrics)) continue;
    auto table = std::find_if(tables.begin(), tables.end(),
                              [&c](const ChangeTable& t) { return t.a == c.a && t.b == c.b; });
    if (table == tables.end()) table = tables.insert(tables.end(), ChangeTable{c.a, c.b, {}, {}});
    table->rows.push_back(row_of(c));
    // What was found is in the row; what kept a verdict back is not.
    const bool plain = c.interval && !c.refused;
    if (!c.reason.empty() && !plain) {
      add_once(table->notes, fmt::format("{}: {}", c.metric, c.reason));
    }
    for (const std::string& caveat : c.caveats) add_once(table->notes, caveat);
  }
  return tables;
}

std::string change_text(const std::vector<ChangeTable>& tables, bool simulated) {
  std::string text = simulated ? std::string(kSimulated) + "\n\n" : "";
  for (const ChangeTable& table : tables) {
    const auto widths = widths_of(table);
    text += fmt::format("{} against {} (the base)\n", plain_line(table.a), plain_line(table.b));
    text += line_of(change_columns(), widths);
    for (const auto& row : table.rows) text += line_of(row, widths);
    for (const std::string& note : table.notes) text += "  - " + plain_line(note) + "\n";
    text += "\n";
  }
  return text + kLegend + " * declared as primary.\n";
}

std::string change_markdown(const std::vector<ChangeTable>& tables, bool simulated) {
  std::string text = simulated ? fmt::format("**{}**\n\n", kSimulated) : "";
  for (const ChangeTable& table : tables) {
    text +=
        fmt::format("**{}** against **{}**\n\n", markdown_text(table.a), markdown_text(table.b));
    std::string rule;
    for (std::size_t i = 0; i < change_columns().size(); ++i) {
      text += "| " + change_columns()[i] + " ";
      rule += to_the_right(i) ? "| ---: " : "| --- ";
    }
    text += "|\n" + rule + "|\n";
    for (const auto& row : table.rows) {
      for (const std::string& cell : row) text += "| " + markdown_text(cell) + " ";
      text += "|\n";
    }
    text += "\n";
    for (const std::string& note : table.notes) text += "- " + markdown_text(note) + "\n";
    if (!table.notes.empty()) text += "\n";
  }
  return text + kLegend + " \\* declared as primary.\n";
}

}  // namespace tokamark::report
