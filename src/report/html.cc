#include "report/html.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/fairness_table.h"
#include "report/findings.h"
#include "report/headline.h"
#include "report/html_page.h"
#include "report/html_tables.h"
#include "report/speed_of_light.h"
#include "report/text.h"
#include "report/verdicts.h"
#include "report/web_assets.h"

namespace tokamark::report {
namespace {

std::string paragraph(std::string_view text, std::string_view style = "") {
  return style.empty() ? fmt::format("<p>{}</p>\n", html_line(text))
                       : fmt::format("<p class=\"{}\">{}</p>\n", style, html_line(text));
}

std::string head_section(const record::StudyResult& result) {
  std::string text = "<header>\n<h1>" + html_line(study_name(result)) + "</h1>\n";
  std::vector<std::string> facts;
  const auto add = [&facts](const std::string& label, const std::string& value) {
    if (!value.empty()) {
      facts.push_back(label + value);
    }
  };
  add("Model ", text_at(result.study, {"model", "name"}));
  const auto gpu = text_at(result.study, {"hardware", "gpu"});
  add("", gpu.empty() ? text_at(result.manifest, {"host", "cpu"}) : gpu);
  add("Started ", text_at(result.manifest, {"started_utc"}));
  add("tokamark ", text_at(result.manifest, {"tokamark", "version"}));
  std::string line;
  for (const auto& fact : facts) {
    line += (line.empty() ? "" : " · ") + fact;
  }
  text += line.empty() ? "" : paragraph(line, "facts");
  if (result.simulated) {
    text += paragraph(simulated_sentence(result), "simulated");
  }
  const bool clean = !result.trials.empty() &&
                     std::all_of(result.trials.begin(), result.trials.end(),
                                 [](const auto& t) { return t.verdict == record::Verdict::valid; });
  text += paragraph(verdict_sentence(result), clean ? "verdict good" : "verdict bad");
  return text + "</header>\n";
}

std::string order_table(const record::StudyResult& result,
                        const std::vector<WorkloadRows>& workloads) {
  std::string rows;
  for (const auto& workload : workloads) {
    for (const auto& order : unresolved_orders(result, workload)) {
      rows += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
                          html_line(workload.workload), html_line(order.load),
                          full_name(order.quantity), html_line(order_text(order)));
    }
  }
  return "<details><summary>The numbers behind it, load by load</summary><div class=\"wide\">"
         "<table><thead><tr><th>Workload</th><th>Load</th><th>By</th><th>Observed order, best first"
         "</th></tr></thead><tbody>\n" +
         rows + "</tbody></table></div></details>\n";
}

std::string list_items(const std::vector<std::string>& sentences) {
  std::string items;
  for (const auto& sentence : sentences) items += "<li>" + html_line(sentence) + "</li>\n";
  return items.empty() ? "" : "<ul class=\"orders\">\n" + items + "</ul>\n";
}

std::string support_section(const record::StudyResult& result,
                            const std::vector<WorkloadRows>& workloads) {
  std::string text =
      "<section>\n<h2>Recommendation</h2>\n" + paragraph(support_sentence(result, workloads));
  const auto unequal = unequal_sentence(fairness_tables(result));
  text += unequal.empty() ? "" : paragraph(unequal, "verdict bad");
  text += list_items(verdict_sentences(result));
  const auto recommended = list_items(recommendation_texts(result));
  text += recommended.empty() ? paragraph(kNothingToRecommend)
                              : "<h3>What follows</h3>\n" + recommended;
  std::vector<std::string> orders;
  for (const auto& workload : workloads) {
    for (const auto& sentence : order_sentences(unresolved_orders(result, workload))) {
      orders.push_back(workload.workload + ", " + sentence);
    }
  }
  if (!orders.empty()) {
    text += paragraph(
        "Observed order where nothing is resolved, best first; in brackets the ratio to the first:",
        "note");
    text += list_items(orders) + order_table(result, workloads);
  }
  return text + "</section>\n";
}

std::string figure_element(const Figure& figure, std::size_t index) {
  const bool wide = figure.spec.contains("concat") && figure.spec["concat"].size() > 2;
  return fmt::format(
      "<figure class=\"{}\"><div class=\"chart\" id=\"figure-{}\" role=\"img\" "
      "aria-label=\"{}\"></div><figcaption>{}</figcaption></figure>\n",
      wide ? "panels" : "single", index, html_line(figure.title), html_line(figure.caption));
}

std::string workload_section(const record::StudyResult& result, const WorkloadRows& workload,
                             std::vector<Figure>& figures) {
  std::string text =
      fmt::format("<section>\n<h2>Workload {}{}</h2>\n", html_line(workload.workload),
                  result.simulated ? " (SIMULATED)" : "");
  text += headline_html(workload, engine_names(result));
  const auto notes = missing_notes(workload);
  for (const auto& note : notes) {
    text +=
        paragraph((&note == &notes.front() ? "A dash is a missing number. " : "") + note, "note");
  }
  if (chart_library().empty()) {
    text +=
        paragraph("This file has no charts: the program was built with TOKAMARK_WEB=OFF.", "note");
    return text + "</section>\n";
  }
  auto set = make_figures(result, workload);
  text += "<div class=\"charts\">\n";
  for (auto& figure : set.figures) {
    text += figure_element(figure, figures.size());
    figures.push_back(std::move(figure));
  }
  text += "</div>\n";
  for (const auto& sentence : set.left_out) {
    text += paragraph("Not drawn: " + sentence, "note");
  }
  return text + "</section>\n";
}

std::string code_section(const record::StudyResult& result) {
  const auto notes = code_notes(result);
  if (notes.empty()) {
    return "";
  }
  std::string text = "<section>\n<h2>Verdict codes</h2>\n<dl>\n";
  for (const auto& note : notes) {
    text += fmt::format("<dt class=\"{}\">{}{}</dt>\n<dd>{}\n<ul>\n",
                        note.decisive ? "bad" : "warn", html_line(note.code),
                        note.decisive ? "" : " (a warning)", html_line(note.advice));
    for (const auto& trial : note.trials) {
      text += "<li>" + html_line(trial) + "</li>\n";
    }
    text += "</ul></dd>\n";
  }
  return text + "</dl>\n</section>\n";
}

std::string json_details(std::string_view title, const nlohmann::json& value) {
  return fmt::format(
      "<details><summary>{}</summary><pre>{}</pre></details>\n", html_line(title),
      html_text(value.dump(2, ' ', false, nlohmann::json::error_handler_t::replace)));
}

std::string method_section(const record::StudyResult& result,
                           const std::vector<WorkloadRows>& workloads) {
  std::string text = "<section>\n<h2>How it was measured</h2>\n";
  text += paragraph(headline_legend(workloads));
  text += paragraph(
      "Latencies count from the scheduled instant of a request, not from its send. TTFT ends at "
      "the first generated token, E2E at the last; TPOT is the time between them over the "
      "tokens after the first. Percentiles are nearest-rank; failed and timed-out requests stay "
      "in them as infinitely slow. A percentile needs 10/(1-q) samples: 200 for p95, 1000 for "
      "p99. Output is the tokens that arrived in the window over its length, whatever request "
      "they belong to. What is called the server's comes from its own metrics page and clock. "
      "docs/METRICS.md has every formula.");
  text += json_details("Study, with defaults", result.study);
  text += json_details("Manifest", result.manifest);
  std::vector<std::string> shown;
  for (const auto& trial : result.trials) {
    if (std::find(shown.begin(), shown.end(), trial.engine) == shown.end()) {
      shown.push_back(trial.engine);
      text +=
          json_details("Engine " + trial.engine + ", as of trial " + trial.id, trial.engine_info);
    }
  }
  return text + "</section>\n";
}

}  // namespace

std::string report_html(const record::StudyResult& result) {
  const auto workloads = make_rows(result);
  PageParts parts;
  parts.simulated = result.simulated;
  parts.title = study_name(result) + (result.simulated ? " (SIMULATED)" : "") + " - tokamark";
  parts.body = head_section(result) + support_section(result, workloads) + comparisons_html(result);
  for (const auto& workload : workloads) {
    parts.body += workload_section(result, workload, parts.figures);
  }
  parts.body += speed_html(speed_of_light(result, workloads));
  const auto fairness = fairness_tables(result);
  if (!fairness.empty()) {
    parts.body += "<section>\n" + fairness_html(fairness) + "</section>\n";
  }
  parts.body += code_section(result);
  parts.body += "<section>\n<h2>Every trial</h2>\n" + trials_html(result) + "</section>\n";
  parts.body += method_section(result, workloads);
  return make_page(parts);
}

}  // namespace tokamark::report
