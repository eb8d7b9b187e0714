#include <fmt/format.h>

#include <array>

#include "report/text.h"
#include "report/verdicts.h"

namespace tokamark::report {
namespace {

constexpr std::array kColumns{"Workload", "Load",          "Metric", "Engines",
                              "Ratio",    "95 % interval", "Blocks", "Verdict"};

std::array<std::string, kColumns.size()> cells(const ComparisonLine& line) {
  return {line.workload, line.load,     line.metric, line.engines,
          line.ratio,    line.interval, line.blocks, line.verdict};
}

constexpr const char* kLegend =
    "Each ratio is the first engine's value over the second's, the geometric mean over blocks; ~ "
    "is "
    "a pair that is not resolved.";

std::string html_table(const std::vector<ComparisonLine>& lines) {
  std::string text = "<div class=\"wide\"><table><thead><tr>";
  for (const char* column : kColumns) text += fmt::format("<th class=\"text\">{}</th>", column);
  text += "<th class=\"text\">Why not</th></tr></thead><tbody>\n";
  for (const ComparisonLine& line : lines) {
    text += "<tr>";
    for (const std::string& cell : cells(line)) {
      text += "<td class=\"text\">" + html_line(cell) + "</td>";
    }
    text += "<td class=\"text\">" + html_line(line.reason) + "</td></tr>\n";
  }
  return text + "</tbody></table></div>\n";
}

}  // namespace

std::string comparisons_markdown(const record::StudyResult& result) {
  const auto lines = comparison_lines(result, Metrics::primary);
  if (lines.empty()) return {};
  std::string text = fmt::format("### Comparisons\n\n{}\n\n|", markdown_text(kLegend));
  std::string rules = "|";
  for (const char* column : kColumns) {
    text += fmt::format(" {} |", column);
    rules += " :-- |";
  }
  text += "\n" + rules + "\n";
  for (const ComparisonLine& line : lines) {
    text += "|";
    for (const std::string& cell : cells(line)) text += " " + markdown_text(cell) + " |";
    text += "\n";
  }
  return text + "\n";
}

std::string comparisons_html(const record::StudyResult& result) {
  const auto primary = comparison_lines(result, Metrics::primary);
  const auto others = comparison_lines(result, Metrics::others);
  if (primary.empty() && others.empty()) return {};
  std::string text = fmt::format("<section>\n<h2>Comparisons</h2>\n<p>{}</p>\n", kLegend);
  if (!primary.empty()) text += html_table(primary);
  if (!others.empty()) {
    text += "<details><summary>Metrics that were not declared primary</summary>" +
            html_table(others) + "</details>\n";
  }
  return text + "</section>\n";
}

}  // namespace tokamark::report
