#include "cli/report_files.h"

#include "base/files.h"
#include "cli/draw_figures.h"
#include "cli/own_figures.h"
#include "page/card.h"
#include "report/citation.h"
#include "report/markdown.h"
#include "report/study_tables.h"
#include "report/text.h"

namespace tokamark::cli {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

bool wants(const ReportFileOptions& options, const char* format) {
  return options.formats.count(format) > 0;
}

base::Result<void> write_tables(const std::vector<report::Table>& tables,
                                const ReportFileOptions& options) {
  struct Writer {
    const char* format;
    std::string (*write)(const report::Table&);
  };
  const auto markdown = [](const report::Table& table) {
    return "**" + report::markdown_text(table.title) + "**\n\n" + report::table_markdown(table);
  };
  for (const Writer& writer : {Writer{"md", markdown}, Writer{"tex", report::table_latex},
                               Writer{"csv", report::table_csv}}) {
    if (!wants(options, writer.format)) continue;
    TOKAMARK_TRY_VOID(base::make_folder(options.folder / "tables"));
    for (const report::Table& table : tables) {
      TOKAMARK_TRY_VOID(base::write_file_atomic(
          options.folder / "tables" / (table.id + "." + writer.format), writer.write(table)));
    }
  }
  return base::ok();
}

std::string pretty(const json& value) {
  return value.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

/// The specification, complete with its data, and the data alone.
base::Result<void> write_figure(const figures::Figure& figure, const ReportFileOptions& options) {
  const fs::path folder = options.folder / "figures";
  TOKAMARK_TRY_VOID(
      base::write_file_atomic(folder / (figure.id + ".vl.json"), pretty(figure.spec)));
  if (!wants(options, "csv")) return base::ok();
  const auto table = figure_table(figure);
  if (table.rows.empty()) return base::ok();
  return base::write_file_atomic(folder / (figure.id + ".csv"), report::table_csv(table));
}

bool wants_figures(const ReportFileOptions& options) {
  return wants(options, "svg") || wants(options, "pdf") || wants(options, "png") ||
         wants(options, "csv");
}

}  // namespace

const std::vector<std::string>& report_formats() {
  static const std::vector<std::string> formats{"html", "svg", "pdf", "png", "md", "tex", "csv"};
  return formats;
}

base::Result<std::vector<std::string>> write_report_files(const record::StudyResult& result,
                                                          const detail::StudyDetail& detail,
                                                          const ReportFileOptions& options) {
  TOKAMARK_TRY_VOID(base::make_folder(options.folder));
  auto sets = page::page_figures(result, detail);
  TOKAMARK_TRY_VOID(apply_own_figures(options.own_figures, result, sets));
  if (wants(options, "html")) {
    TOKAMARK_TRY_VOID(base::write_file_atomic(options.folder / "report.html",
                                              page::report_html({result, detail, sets})));
  }
  if (wants(options, "md")) {
    TOKAMARK_TRY_VOID(
        base::write_file_atomic(options.folder / "summary.md", report::summary_markdown(result)));
  }
  TOKAMARK_TRY_VOID(
      base::write_file_atomic(options.folder / "citation.bib", report::citation_bibtex(result)));
  TOKAMARK_TRY_VOID(write_tables(report::study_tables(result, detail), options));
  if (!wants_figures(options)) return std::vector<std::string>{};
  TOKAMARK_TRY_VOID(base::make_folder(options.folder / "figures"));
  std::vector<figures::Figure> all;
  for (auto& set : sets) {
    for (auto& figure : set.figures) {
      TOKAMARK_TRY_VOID(write_figure(figure, options));
      all.push_back(std::move(figure));
    }
  }
  return draw_figures(all, page::make_card(result), result, options);
}

}  // namespace tokamark::cli
