#include "page/html.h"

#include <fmt/format.h>

#include <array>

#include "assets/assets.h"
#include "figures/palette.h"
#include "page/html_page.h"
#include "page/html_parts.h"
#include "report/text.h"

namespace tokamark::page {
namespace {

using namespace tokamark::report;
using figures::FigureSet;
using figures::Section;

std::string figure_element(const figures::Figure& figure, std::size_t index) {
  const bool wide = figure.spec.contains("concat") && figure.spec["concat"].size() > 1;
  return fmt::format(
      "<figure class=\"{}\"><div class=\"chart\" id=\"figure-{}\" role=\"img\" "
      "aria-label=\"{}\"></div><figcaption>{}</figcaption></figure>\n",
      wide ? "panels" : "single", index, html_line(figure.title), html_line(figure.caption));
}

/// The figures of one section, workload by workload; empty where there is none.
std::string charts_of(Section section, const std::vector<WorkloadRows>& workloads,
                      const std::vector<FigureSet>& sets, std::vector<figures::Figure>& drawn) {
  std::string text;
  if (assets::chart_library().empty()) return text;
  for (std::size_t w = 0; w < sets.size(); ++w) {
    std::string charts;
    for (const auto& figure : sets[w].figures) {
      if (figure.section != section) continue;
      charts += figure_element(figure, drawn.size());
      drawn.push_back(figure);
    }
    if (charts.empty()) continue;
    if (sets.size() > 1) text += "<h3>" + html_line(workloads[w].workload) + "</h3>\n";
    text += "<div class=\"charts\">\n" + charts + "</div>\n";
  }
  return text;
}

/// What could not be drawn, once for all sections.
std::string left_out(const std::vector<FigureSet>& sets) {
  std::string text;
  for (const auto& set : sets) {
    for (const auto& sentence : set.left_out) text += paragraph("Not drawn: " + sentence, "note");
  }
  return text;
}

struct ChartSection {
  Section section;
  const char *id, *title;
};

constexpr std::array kChartSections{
    ChartSection{Section::trade_off, "trade-off", "Trade-offs"},
    ChartSection{Section::distribution, "distribution", "Distributions"},
    ChartSection{Section::over_time, "over-time", "Over time and why"},
};

/// Adds sections to the page and its contents.
class Body {
 public:
  explicit Body(PageParts& parts) : parts_(parts) {}

  void add(const char* id, const char* name, const std::string& html) {
    if (html.empty()) return;
    parts_.contents.emplace_back(id, name);
    parts_.body += html;
  }

 private:
  PageParts& parts_;
};

Study study_of(const PageInput& input, const std::vector<WorkloadRows>& workloads) {
  Study study{input.result, input.detail, workloads, {}};
  const auto engines = engine_names(input.result);
  for (std::size_t i = 0; i < engines.size(); ++i) {
    study.swatches[engines[i]] = figures::look(i).colour;
  }
  return study;
}

void add_charts(const PageInput& input, const std::vector<WorkloadRows>& workloads, Body& body,
                PageParts& parts) {
  if (assets::chart_library().empty()) {
    body.add("trade-off", "Charts",
             "<section id=\"trade-off\">\n<h2>Charts</h2>\n" +
                 paragraph("This file has no charts: the program was built with TOKAMARK_WEB=OFF.",
                           "note") +
                 "</section>\n");
    return;
  }
  for (const ChartSection& chart : kChartSections) {
    auto html = charts_of(chart.section, workloads, input.figures, parts.figures);
    if (&chart == &kChartSections.back()) html += left_out(input.figures);
    if (html.empty()) continue;
    body.add(chart.id, chart.title,
             fmt::format("<section id=\"{}\">\n<h2>{}</h2>\n{}</section>\n", chart.id, chart.title,
                         html));
  }
}

}  // namespace

std::vector<FigureSet> page_figures(const record::StudyResult& result,
                                    const detail::StudyDetail& detail) {
  std::vector<FigureSet> sets;
  for (const auto& workload : make_rows(result)) {
    sets.push_back(figures::make_figures(result, workload, detail));
  }
  return sets;
}

std::string report_html(const PageInput& input) {
  const auto workloads = make_rows(input.result);
  const Study study = study_of(input, workloads);
  PageParts parts;
  parts.simulated = input.result.simulated;
  parts.title =
      study_name(input.result) + (input.result.simulated ? " (SIMULATED)" : "") + " - tokamark";
  Body body(parts);
  body.add("verdict", "Verdict", head_section(study));
  body.add("slo", "At the SLO", slo_section(study));
  body.add("recommendations", "Recommendations", recommendation_section(study));
  body.add("comparisons", "Comparisons", comparison_section(study));
  body.add("fairness", "Fairness", fairness_section(study));
  body.add("results", "Results by load", results_section(study));
  add_charts(input, workloads, body, parts);
  body.add("roofline", "Speed of light", speed_section(study));
  const auto charts = charts_of(Section::honesty, workloads, input.figures, parts.figures);
  body.add("honesty", "Self-check", honesty_section(study, charts));
  body.add("runs", "Every trial", run_section(study));
  body.add("method", "How it was measured", method_section(study));
  return make_page(parts);
}

std::string report_html(const record::StudyResult& result, const detail::StudyDetail& detail) {
  return report_html({result, detail, page_figures(result, detail)});
}

}  // namespace tokamark::page
