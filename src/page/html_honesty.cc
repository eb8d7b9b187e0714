#include <fmt/format.h>

#include <algorithm>

#include "page/html_parts.h"
#include "report/citation.h"
#include "report/estimates.h"
#include "report/findings.h"
#include "report/headline.h"
#include "report/method.h"
#include "report/self_check.h"
#include "report/study_tables.h"
#include "report/text.h"

namespace tokamark::page {
namespace {

using namespace tokamark::report;

std::string code_list(const record::StudyResult& result) {
  const auto notes = code_notes(result);
  std::string text = "<h3>Verdict codes</h3>\n";
  if (notes.empty()) return text + paragraph("No trial has one.");
  text += "<dl>\n";
  for (const auto& note : notes) {
    text += fmt::format("<dt class=\"{}\">{}{}</dt>\n<dd>{}\n<ul>\n",
                        note.decisive ? "bad" : "warn", html_line(note.code),
                        note.decisive ? "" : " (a warning)", html_line(note.advice));
    for (const auto& trial : note.trials) text += "<li>" + html_line(trial) + "</li>\n";
    text += "</ul></dd>\n";
  }
  return text + "</dl>\n";
}

std::string error_part(const Study& study) {
  const auto errors = error_table(study.result, study.workloads, study.detail);
  if (!errors.rows.empty()) return titled_table(study, errors);
  return "<h3>Errors by kind</h3>\n" +
         paragraph(study.detail.empty()
                       ? "Not known here: the page was made without the raw records of the trials."
                       : "Every request of every trial ended as it was asked.");
}

std::string json_details(std::string_view title, const nlohmann::json& value) {
  return fmt::format(
      "<details><summary>{}</summary><pre tabindex=\"0\">{}</pre></details>\n", html_line(title),
      html_text(value.dump(2, ' ', false, nlohmann::json::error_handler_t::replace)));
}

constexpr const char* kFormulas =
    "Latencies count from the scheduled instant of a request, not from its send. TTFT ends at the "
    "first generated token, E2E at the last; TPOT is the time between them over the tokens after "
    "the first. Percentiles are nearest-rank; failed and timed-out requests stay in them as "
    "infinitely slow. A percentile needs 10/(1-q) samples: 200 for p95, 1000 for p99. Output is "
    "the tokens that arrived in the window over its length, whatever request they belong to. What "
    "is called the server's comes from its own metrics page and clock. docs/METRICS.md has every "
    "formula.";

}  // namespace

std::string honesty_section(const Study& study, const std::string& charts) {
  std::string text = "<section id=\"honesty\">\n<h2>Can these numbers be believed</h2>\n";
  text += titled_table(study, self_check_table(study.result)) + charts;
  text += titled_table(study, request_table(study.result, study.workloads));
  text += error_part(study);
  const auto repeats = estimate_table(study.result, Metrics::primary);
  text += "<h3>" + html_line(repeats.title) + "</h3>\n";
  text += repeats.rows.empty()
              ? paragraph("These results hold no estimates over repeats.")
              : folded_without_intervals(study, repeats,
                                         "No estimate has an interval: it needs six blocks.",
                                         fmt::format("The {} estimates", repeats.rows.size()));
  return text + code_list(study.result) + "</section>\n";
}

std::string run_section(const Study& study) {
  return "<section id=\"runs\">\n<h2>Every trial</h2>\n" +
         table_with_notes(study, run_table(study.result)) + "</section>\n";
}

std::string method_section(const Study& study) {
  const auto& result = study.result;
  std::string text = "<section id=\"method\">\n<h2>How it was measured</h2>\n";
  text += table_with_notes(study, method_table(result));
  text += paragraph(headline_legend(study.workloads)) + paragraph(kFormulas);
  text += "<h3>Citation</h3>\n" + paragraph(citation_text(result)) + "<pre tabindex=\"0\">" +
          html_text(citation_bibtex(result)) + "</pre>\n";
  text += "<h3>In full</h3>\n";
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

}  // namespace tokamark::page
