#include <fmt/format.h>

#include "report/table.h"
#include "report/text.h"

namespace tokamark::report {
namespace {

/// The upper header row: the groups, each across its columns; empty without any.
std::string group_row(const std::vector<Column>& columns) {
  std::string text = "<tr class=\"groups\">";
  bool any = false;
  for (std::size_t begin = 0; begin < columns.size();) {
    std::size_t end = begin + 1;
    while (end < columns.size() && columns[end].group == columns[begin].group) ++end;
    const std::string& group = columns[begin].group;
    any = any || !group.empty();
    text += group.empty() ? fmt::format("<td colspan=\"{}\"></td>", end - begin)
                          : fmt::format("<th scope=\"colgroup\" colspan=\"{}\">{}</th>",
                                        end - begin, html_line(group));
    begin = end;
  }
  return any ? text + "</tr>\n" : "";
}

const char* css_class(Align align) { return align == Align::left ? "text" : "number"; }

std::string cell_html(const TableCell& cell, const Column& column, const Swatches& swatches) {
  std::string text = fmt::format("<td class=\"{}{}\"", css_class(column.align),
                                 cell.emphasis == Emphasis::best ? " best" : "");
  if (cell.number) text += fmt::format(" data-value=\"{}\"", *cell.number);
  text += ">";
  const auto swatch = column.key == "engine" ? swatches.find(cell.text) : swatches.end();
  if (swatch != swatches.end()) {
    text += fmt::format("<span class=\"swatch\" style=\"background:{}\"></span>", swatch->second);
  }
  return text + html_line(cell.text) + "</td>";
}

}  // namespace

std::string table_html(const Table& table, const Swatches& swatches) {
  std::string text = fmt::format(
      "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"{}\"><table "
      "class=\"sortable\" id=\"table-{}\"><thead>\n{}<tr>",
      html_line(table.title), table.id, group_row(table.columns));
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    text += fmt::format(
        "<th scope=\"col\" class=\"{}\" aria-sort=\"none\"><button type=\"button\" "
        "data-column=\"{}\">{}</button></th>",
        css_class(table.columns[c].align), c, html_line(table.columns[c].name));
  }
  text += "</tr>\n</thead><tbody>\n";
  for (const TableRow& row : table.rows) {
    text += row.state == RowState::bad ? "<tr class=\"invalid\">" : "<tr>";
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
      text += cell_html(row.cells[c], table.columns[c], swatches);
    }
    text += "</tr>\n";
  }
  return text + "</tbody></table></div>\n";
}

}  // namespace tokamark::report
