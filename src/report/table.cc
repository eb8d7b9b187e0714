#include "report/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/text.h"

namespace tokamark::report {

TableCell text_cell(std::string text) {
  return {std::move(text), std::nullopt, std::nullopt, Emphasis::none};
}

TableCell whole_cell(std::int64_t value) {
  return {std::to_string(value), static_cast<double>(value), {}, Emphasis::none};
}

TableCell number_cell(std::optional<double> value) {
  if (value && !std::isfinite(*value)) value = std::nullopt;
  return {format_number(value), value, {}, Emphasis::none};
}

TableCell share_cell(std::optional<double> share) {
  if (!share || !std::isfinite(*share)) return number_cell(std::nullopt);
  constexpr double kLeast = 0.001;
  const double percent = 100.0 * *share;
  if (percent != 0.0 && std::abs(percent) < kLeast) return {"<0.001 %", share, {}, Emphasis::none};
  return {format_number(percent) + " %", share, {}, Emphasis::none};
}

std::string table_markdown(const Table& table) {
  std::string names = "|";
  std::string rules = "|";
  for (const Column& column : table.columns) {
    names += fmt::format(" {}{}{} |", markdown_text(column.group), column.group.empty() ? "" : " ",
                         markdown_text(column.name));
    rules += column.align == Align::left ? " :-- |" : " --: |";
  }
  std::string text = names + "\n" + rules + "\n";
  for (const TableRow& row : table.rows) {
    text += "|";
    for (const TableCell& cell : row.cells) {
      const bool loud = cell.emphasis == Emphasis::best ||
                        (row.state == RowState::bad && &cell == &row.cells.back());
      const std::string mark = loud && !cell.text.empty() && cell.text != "-" ? "**" : "";
      text += " " + mark + markdown_text(cell.text) + mark + " |";
    }
    text += "\n";
  }
  return text;
}

std::string file_slug(std::string_view text) {
  constexpr std::size_t kLongest = 60;
  std::string slug;
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (letter) {
      slug += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    } else if (!slug.empty() && slug.back() != '-') {
      slug += '-';
    }
    if (slug.size() >= kLongest) break;
  }
  while (!slug.empty() && slug.back() == '-') slug.pop_back();
  return slug.empty() ? "table" : slug;
}

}  // namespace tokamark::report
