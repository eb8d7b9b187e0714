#include "cli/draw_figures.h"

#include <fmt/format.h>

#include <ctime>

#include "figures/themes.h"
#include "render_client/render_client.h"
#include "report/rows.h"

namespace tokamark::cli {

namespace {

using render_client::RenderJob;

/// Seconds since 1970 of the study's start, so that a PDF of the same results has the same bytes;
/// 0 where it is not known.
std::int64_t started_unix_s(const record::StudyResult& result) {
  const auto text = report::text_at(result.manifest, {"started_utc"});
  std::tm parts{};
  if (::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts) == nullptr) return 0;
  return static_cast<std::int64_t>(::timegm(&parts));
}

std::vector<render_client::RenderOutput> outputs_of(const std::string& id,
                                                    const ReportFileOptions& options) {
  std::vector<render_client::RenderOutput> outputs;
  for (const auto format :
       {render_client::Format::svg, render_client::Format::pdf, render_client::Format::png}) {
    const std::string word(render_client::to_word(format));
    if (options.formats.count(word) == 0) continue;
    outputs.push_back({format, options.folder / "figures" / (id + "." + word)});
  }
  return outputs;
}

base::Result<std::vector<RenderJob>> jobs_of(const std::vector<figures::Figure>& figures,
                                             const figures::Figure& card,
                                             const ReportFileOptions& options) {
  TOKAMARK_TRY(const auto theme, figures::parse_theme(options.theme));
  const char* const usual = theme == figures::Theme::paper ? "col2" : "web";
  TOKAMARK_TRY(const auto target,
               render_client::parse_target(options.size.empty() ? usual : options.size));
  std::vector<RenderJob> jobs;
  for (const auto& figure : figures) {
    RenderJob job;
    job.name = figure.id;
    job.spec = figure.spec;
    job.target = target;
    job.theme = figures::theme(theme);
    job.outputs = outputs_of(figure.id, options);
    if (!job.outputs.empty()) jobs.push_back(std::move(job));
  }
  if (options.formats.count("png") > 0) {
    RenderJob job;
    job.name = card.id;
    job.spec = card.spec;
    job.target = render_client::Target::web;
    job.outputs = {{render_client::Format::png, options.folder / "figures" / "card.png"}};
    job.png_dpi = 72.0;
    jobs.push_back(std::move(job));
  }
  return jobs;
}

}  // namespace

base::Result<std::vector<std::string>> draw_figures(const std::vector<figures::Figure>& figures,
                                                    const figures::Figure& card,
                                                    const record::StudyResult& result,
                                                    const ReportFileOptions& options) {
  std::vector<std::string> lines;
  TOKAMARK_TRY(const auto jobs, jobs_of(figures, card, options));
  if (jobs.empty()) return lines;
  const auto program = render_client::find_program();
  if (!program.has_value()) {
    lines.push_back("no figure was drawn as a file: " + program.error().message);
    return lines;
  }
  render_client::RenderSettings settings;
  settings.program = program.value();
  settings.created_unix_s = started_unix_s(result);
  TOKAMARK_TRY(const auto drawn, render_client::render(jobs, settings));
  for (const auto& figure : drawn) {
    if (!figure.error.empty()) lines.push_back(fmt::format("{}: {}", figure.name, figure.error));
  }
  return lines;
}

}  // namespace tokamark::cli
