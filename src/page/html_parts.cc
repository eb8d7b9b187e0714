#include "page/html_parts.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/fairness_table.h"
#include "report/findings.h"
#include "report/headline.h"
#include "report/speed_of_light.h"
#include "report/text.h"
#include "report/verdicts.h"

namespace tokamark::page {
namespace {

using namespace tokamark::report;

std::string order_table(const Study& study) {
  Table table;
  table.id = "orders";
  table.title =
      std::string("Observed orders, load by load") + (study.result.simulated ? " (SIMULATED)" : "");
  table.simulated = study.result.simulated;
  table.columns = {{"", "Workload", Align::left, "workload", ""},
                   {"", "Load", Align::left, "load", ""},
                   {"", "By", Align::left, "quantity", ""},
                   {"", "Observed order, best first", Align::left, "order", ""}};
  for (const auto& workload : study.workloads) {
    for (const auto& order : unresolved_orders(study.result, workload)) {
      table.rows.push_back({{text_cell(workload.workload), text_cell(order.load),
                             text_cell(full_name(order.quantity)), text_cell(order_text(order))},
                            RowState::plain});
    }
  }
  return folded(table.title, table_with_notes(study, table));
}

}  // namespace

std::string paragraph(std::string_view text, std::string_view style) {
  return style.empty() ? fmt::format("<p>{}</p>\n", html_line(text))
                       : fmt::format("<p class=\"{}\">{}</p>\n", style, html_line(text));
}

std::string list_items(const std::vector<std::string>& sentences) {
  std::string items;
  for (const auto& sentence : sentences) items += "<li>" + html_line(sentence) + "</li>\n";
  return items.empty() ? "" : "<ul class=\"orders\">\n" + items + "</ul>\n";
}

std::string folded(std::string_view title, const std::string& html) {
  return fmt::format("<details><summary>{}</summary>\n{}</details>\n", html_line(title), html);
}

std::string table_with_notes(const Study& study, const Table& table) {
  std::string text = table.rows.empty() ? "" : table_html(table, study.swatches);
  for (const auto& note : table.notes) text += paragraph(note, "note");
  return text;
}

std::string folded_without_intervals(const Study& study, const Table& table,
                                     std::string_view sentence, std::string_view title) {
  constexpr std::size_t kFew = 8;
  const bool any = std::any_of(table.rows.begin(), table.rows.end(), [](const TableRow& row) {
    return std::any_of(row.cells.begin(), row.cells.end(),
                       [](const TableCell& cell) { return cell.interval.has_value(); });
  });
  const auto html = table_with_notes(study, table);
  return any || table.rows.size() <= kFew ? html : paragraph(sentence) + folded(title, html);
}

std::string titled_table(const Study& study, const Table& table) {
  return "<h3>" + html_line(table.title) + "</h3>\n" + table_with_notes(study, table);
}

std::string recommendation_section(const Study& study) {
  std::string text = "<section id=\"recommendations\">\n<h2>Recommendations</h2>\n";
  const auto unequal = unequal_sentence(fairness_tables(study.result));
  text += unequal.empty() ? "" : paragraph(unequal, "verdict bad");
  const auto recommended = list_items(recommendation_texts(study.result));
  text += recommended.empty() ? paragraph(kNothingToRecommend) : recommended;
  text += "<h3>What the runs support</h3>\n" +
          paragraph(support_sentence(study.result, study.workloads));
  text += list_items(verdict_sentences(study.result));
  std::vector<std::string> orders;
  for (const auto& workload : study.workloads) {
    for (const auto& sentence : order_sentences(unresolved_orders(study.result, workload))) {
      orders.push_back(workload.workload + ", " + sentence);
    }
  }
  if (!orders.empty()) {
    text += paragraph(
        "Observed order where nothing is resolved, best first; in brackets the ratio to the first:",
        "note");
    text += list_items(orders) + order_table(study);
  }
  return text + "</section>\n";
}

std::string comparison_section(const Study& study) {
  const auto primary = comparison_table(study.result, Metrics::primary);
  const auto others = comparison_table(study.result, Metrics::others);
  if (primary.rows.empty() && others.rows.empty()) return {};
  std::string text = "<section id=\"comparisons\">\n<h2>Comparisons</h2>\n";
  if (!primary.rows.empty()) {
    text += folded_without_intervals(
        study, primary, "No ratio has an interval, so no two engines can be told apart.",
        fmt::format("The ratios, all {} of them, and what each lacks", primary.rows.size()));
  }
  if (!others.rows.empty()) {
    text += folded("Metrics that were not declared primary", table_with_notes(study, others));
  }
  return text + "</section>\n";
}

std::string fairness_section(const Study& study) {
  std::string text = "<section id=\"fairness\">\n<h2>Fairness</h2>\n";
  const auto tables = fairness_tables(study.result);
  for (const FairnessTable& fairness : tables) {
    auto table = as_table(fairness);
    table.notes.erase(table.notes.begin());  // the verdict stands above
    text += "<h3>" + html_line(table.title) + "</h3>\n" +
            paragraph(fairness.verdict, fairness.bad ? "verdict bad" : "") +
            table_with_notes(study, table);
  }
  if (tables.empty()) {
    text += paragraph("No arm has two engines that were measured: no settings to compare.", "note");
  }
  return text + "</section>\n";
}

std::string results_section(const Study& study) {
  std::string text = "<section id=\"results\">\n<h2>Results by load</h2>\n";
  for (const auto& workload : study.workloads) {
    text += titled_table(study, make_headline(workload));
    const auto notes = missing_notes(workload);
    for (const auto& note : notes) {
      text +=
          paragraph((&note == &notes.front() ? "A dash is a missing number. " : "") + note, "note");
    }
  }
  if (study.workloads.empty()) text += paragraph("No trial was recorded.");
  return text + "</section>\n";
}

std::string speed_section(const Study& study) {
  const auto speed = speed_of_light(study.result, study.workloads);
  if (speed.empty()) return {};
  return "<section id=\"roofline\">\n<h2>" + html_line(speed.title) + "</h2>\n" +
         table_with_notes(study, speed_table(speed)) + "</section>\n";
}

}  // namespace tokamark::page
