#include <fmt/format.h>

#include <algorithm>

#include "report/table.h"
#include "report/text.h"

namespace tokamark::report {
namespace {

/// RFC 4180: quoted where it holds a quote, a comma or a line end.
std::string field(std::string text) {
  constexpr std::string_view kFormula = "=+-@\t\r";
  if (!text.empty() && kFormula.find(text.front()) != std::string_view::npos) {
    text.insert(text.begin(), '\'');
  }
  if (text.find_first_of("\",\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    quoted += c;
    if (c == '"') quoted += '"';
  }
  return quoted + "\"";
}

/// The shortest text that is read back as the same number.
std::string number_field(std::optional<double> number) {
  return number ? fmt::format("{}", *number) : "";
}

bool has_interval(const Table& table, std::size_t column) {
  return std::any_of(table.rows.begin(), table.rows.end(), [column](const TableRow& row) {
    return row.cells[column].interval.has_value();
  });
}

std::string with_unit(const std::string& key, const std::string& unit) {
  return unit.empty() ? key : key + "_" + unit;
}

}  // namespace

std::string table_csv(const Table& table) {
  std::string text = "simulated";
  std::vector<bool> intervals;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    const Column& column = table.columns[c];
    intervals.push_back(has_interval(table, c));
    if (column.key.empty()) continue;
    text += "," + field(with_unit(column.key, column.unit));
    if (!intervals.back()) continue;
    text += "," + with_unit(column.key + "_low", column.unit);
    text += "," + with_unit(column.key + "_high", column.unit);
  }
  text += "\r\n";
  for (const TableRow& row : table.rows) {
    text += table.simulated ? "true" : "false";
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
      if (table.columns[c].key.empty()) continue;
      const TableCell& cell = row.cells[c];
      const bool words = table.columns[c].align == Align::left;
      text += "," + (words ? field(plain_line(cell.text)) : number_field(cell.number));
      if (!intervals[c]) continue;
      const auto end = [&cell](double CellInterval::*side) {
        return number_field(cell.interval ? std::optional((*cell.interval).*side) : std::nullopt);
      };
      text += "," + end(&CellInterval::low) + "," + end(&CellInterval::high);
    }
    text += "\r\n";
  }
  return text;
}

}  // namespace tokamark::report
