#include <fmt/format.h>

#include "page/html_parts.h"
#include "report/at_slo.h"
#include "report/findings.h"
#include "report/outcome.h"
#include "report/text.h"
#include "report/verdicts.h"

namespace tokamark::page {
namespace {

using namespace tokamark::report;

std::string facts_line(const record::StudyResult& result) {
  std::string line;
  const auto add = [&line](const std::string& label, const std::string& value) {
    if (!value.empty()) line += (line.empty() ? "" : " · ") + label + value;
  };
  add("Model ", text_at(result.study, {"model", "name"}));
  const auto gpu = text_at(result.study, {"hardware", "gpu"});
  add("", gpu.empty() ? text_at(result.manifest, {"host", "cpu"}) : gpu);
  add("Started ", text_at(result.manifest, {"started_utc"}));
  add("tokamark ", text_at(result.manifest, {"tokamark", "version"}));
  return line;
}

std::string strip_part(std::string_view title, const std::string& tone, const std::string& html) {
  return fmt::format("<div class=\"{}\"><h2>{}</h2>\n{}</div>\n", tone, title, html);
}

std::string validity_part(const Outcome& outcome) {
  std::string html = paragraph(outcome.heading, "big");
  html += paragraph(outcome.validity);
  if (!outcome.failed.empty())
    html += paragraph("Failed checks:", "note") + list_items(outcome.failed);
  if (!outcome.warned.empty()) html += paragraph("Warnings:", "note") + list_items(outcome.warned);
  return strip_part("Validity", outcome.valid ? "good" : "bad", html);
}

std::string best_part(const record::StudyResult& result, const Outcome& outcome, bool resolved) {
  std::string html;
  for (const auto& sentence : outcome.best) html += paragraph(sentence, "big");
  const auto slo = slo_sentence(result);
  if (!slo.empty()) html += paragraph("SLO: " + slo + ".", "note");
  return strip_part("Best at the SLO", resolved ? "good" : "open", html);
}

}  // namespace

std::string head_section(const Study& study) {
  const auto& result = study.result;
  std::string text = "<header id=\"verdict\">\n<h1>" + html_line(study_name(result)) + "</h1>\n";
  const auto facts = facts_line(result);
  text += facts.empty() ? "" : paragraph(facts, "facts");
  if (result.simulated) text += paragraph(simulated_sentence(result), "simulated");
  const auto outcome = outcome_of(result, study.workloads);
  bool resolved = false;
  for (const AtSlo& at : at_slo(result, study.workloads)) resolved = resolved || !at.best.empty();
  text += "<div class=\"strip\">\n" + validity_part(outcome) + best_part(result, outcome, resolved);
  std::string leads;
  for (const auto& sentence : outcome.leads) leads += paragraph(sentence);
  text += strip_part("Lead", resolved ? "good" : "open", leads);
  return text + "</div>\n</header>\n";
}

std::string slo_section(const Study& study) {
  std::string text = "<section id=\"slo\">\n<h2>At the SLO</h2>\n";
  const auto standings = at_slo(study.result, study.workloads);
  for (const AtSlo& at : standings) text += titled_table(study, slo_table(study.result, at));
  if (standings.empty()) {
    text += paragraph(
        "The study states no SLO (slo: ttft_ms, tpot_ms, e2e_ms), so there is no load to compare "
        "engines at. The results by load are below.",
        "note");
  }
  return text + "</section>\n";
}

}  // namespace tokamark::page
