#include <fmt/format.h>

#include <map>

#include "report/table.h"
#include "report/text.h"

namespace tokamark::report {
namespace {

/// What LaTeX takes for a command, and what it prints as another character.
const char* escape_of(std::string_view point) {
  static const std::map<std::string_view, const char*> kEscapes{
      {"\\", "\\textbackslash{}"},
      // Not \{ and \}: BibTeX counts those as braces.
      {"{", "\\textbraceleft{}"},
      {"}", "\\textbraceright{}"},
      {"$", "\\$"},
      {"&", "\\&"},
      {"#", "\\#"},
      {"%", "\\%"},
      {"_", "\\_"},
      {"^", "\\textasciicircum{}"},
      {"~", "\\textasciitilde{}"},
      {"<", "\\textless{}"},
      {">", "\\textgreater{}"},
      {"|", "\\textbar{}"},
      {"\"", "\\textquotedbl{}"},
      {"'", "\\textquotesingle{}"},
      {"`", "\\textasciigrave{}"},
      {"\u2026", "\\ldots{}"},
      {"\u00b7", "\\textperiodcentered{}"},
      {"\u00b1", "\\textpm{}"},
      {"\u2013", "--"},
      {"\u2265", "\\ensuremath{\\geq}"},
      {"\u2264", "\\ensuremath{\\leq}"}};
  const auto found = kEscapes.find(point);
  return found == kEscapes.end() ? nullptr : found->second;
}

std::uint32_t code_point(std::string_view bytes) {
  const auto first = static_cast<unsigned char>(bytes.front());
  if (bytes.size() == 1) return first;
  std::uint32_t value = first & (0xFFU >> (bytes.size() + 1));
  for (const char c : bytes.substr(1)) {
    value = (value << 6U) | (static_cast<unsigned char>(c) & 0x3FU);
  }
  return value;
}

std::size_t size_of_first(std::string_view text) {
  std::size_t size = 1;
  while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) ++size;
  return size;
}

std::string head_rows(const std::vector<Column>& columns) {
  std::string groups;
  std::string rules;
  std::string names;
  bool any = false;
  for (std::size_t begin = 0; begin < columns.size();) {
    std::size_t end = begin + 1;
    const std::string& group = columns[begin].group;
    while (!group.empty() && end < columns.size() && columns[end].group == group) ++end;
    groups += fmt::format("{}\\multicolumn{{{}}}{{c}}{{{}}}", begin == 0 ? "" : " & ", end - begin,
                          latex_text(group));
    if (!group.empty()) rules += fmt::format("\\cmidrule(lr){{{}-{}}}", begin + 1, end);
    any = any || !group.empty();
    begin = end;
  }
  for (const Column& column : columns) {
    names += (names.empty() ? "" : " & ") + latex_text(column.name);
  }
  return (any ? groups + " \\\\\n" + rules + "\n" : "") + names + " \\\\\n";
}

}  // namespace

std::string latex_text(std::string_view text) {
  constexpr std::uint32_t kLatinEnd = 0x250;
  std::string out;
  const std::string line = plain_line(text);
  for (std::string_view rest = line; !rest.empty();) {
    const auto point = rest.substr(0, size_of_first(rest));
    rest.remove_prefix(point.size());
    if ((point == "-" || point == ",") && !out.empty() && out.back() == point.front()) {
      out += "{}";  // two of them would become another character
      out += point;
    } else if (const char* escape = escape_of(point)) {
      out += escape;
    } else if (code_point(point) >= kLatinEnd) {
      out += fmt::format("U+{:04X}", code_point(point));
    } else {
      out += point;
    }
  }
  return out;
}

std::string table_latex(const Table& table) {
  constexpr std::size_t kWide = 8;
  const bool wide = table.columns.size() > kWide;
  std::string text = fmt::format(
      "% {}needs \\usepackage{{booktabs}}{} and \\usepackage[T1]{{fontenc}}\n\\begin{{table}}\n"
      "\\centering\n\\caption{{{}}}\n\\label{{tab:{}}}\n{}\\begin{{tabular}}{{@{{}}",
      table.simulated ? "SIMULATED; " : "", wide ? ", \\usepackage{graphicx}" : "",
      latex_text(table.title), table.id, wide ? "\\resizebox{\\linewidth}{!}{%\n" : "");
  for (const Column& column : table.columns) text += column.align == Align::left ? 'l' : 'r';
  text += "@{}}\n\\toprule\n" + head_rows(table.columns) + "\\midrule\n";
  for (const TableRow& row : table.rows) {
    for (std::size_t c = 0; c < row.cells.size(); ++c) {
      const TableCell& cell = row.cells[c];
      const auto words = latex_text(cell.text);
      text += c == 0 ? "" : " & ";
      text += cell.emphasis == Emphasis::best ? "\\textbf{" + words + "}" : words;
    }
    text += " \\\\\n";
  }
  text += fmt::format("\\bottomrule\n\\end{{tabular}}{}\n", wide ? "}" : "");
  for (const std::string& note : table.notes) {
    text += "\\par\\footnotesize " + latex_text(note) + "\n";
  }
  return text + "\\end{table}\n";
}

}  // namespace tokamark::report
