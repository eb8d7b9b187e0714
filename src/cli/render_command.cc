#include <fmt/core.h>

#include <filesystem>
#include <memory>
#include <vector>

#include "base/files.h"
#include "cli/commands.h"
#include "figures/themes.h"
#include "render_client/render_client.h"

namespace tokamark::cli {

namespace {

using render_client::RenderedFigure;
using render_client::RenderJob;

struct RenderFlags {
  std::vector<std::string> figures, formats;
  std::string output, size = "col2", theme;
  double dpi = 300.0, limit_s = 30.0;
};

base::Result<nlohmann::json> read_json(const std::string& path) {
  TOKAMARK_TRY(const std::string text, base::read_file(path, base::ErrorKind::study));
  auto value = nlohmann::json::parse(text, nullptr, false);
  if (value.is_object()) return value;
  return base::Error{base::ErrorKind::study,
                     path +
                         " is no JSON object; a figure is a Vega-Lite specification, a theme "
                         "its \"config\""};
}

/// A theme's name, or a file with one. Null: each figure's own look.
base::Result<nlohmann::json> read_theme(const std::string& name) {
  if (name.empty()) return nlohmann::json();
  if (name.size() > 5 && name.substr(name.size() - 5) == ".json") return read_json(name);
  auto known = figures::parse_theme(name);
  if (known.has_value()) return figures::theme(known.value());
  return base::Error{base::ErrorKind::usage,
                     known.error().message + ", or name a file that ends in .json"};
}

bool is_folder(const std::string& output) {
  return output.back() == '/' || std::filesystem::is_directory(output);
}

/// "ttft" of "figures/ttft.vl.json".
std::string stem_of(const std::string& path) {
  auto name = std::filesystem::path(path).filename().string();
  for (const std::string_view ending : {".json", ".vl"}) {
    const bool has = name.size() > ending.size() &&
                     name.compare(name.size() - ending.size(), ending.size(), ending) == 0;
    if (has) name.resize(name.size() - ending.size());
  }
  return name;
}

/// The files of one figure: a folder gets one for each format, a file's ending is its format.
base::Result<std::vector<render_client::RenderOutput>> outputs_of(const RenderFlags& flags,
                                                                  const std::string& figure) {
  std::vector<render_client::RenderOutput> outputs;
  if (!is_folder(flags.output)) {
    const auto ending = std::filesystem::path(flags.output).extension().string();
    if (flags.figures.size() > 1 || !flags.formats.empty() || ending.empty()) {
      return base::Error{base::ErrorKind::usage,
                         flags.output +
                             ": one figure goes into a file that ends in .svg, .pdf or "
                             ".png; several, and --format, need a folder (-o DIR/)"};
    }
    TOKAMARK_TRY(const auto format, render_client::parse_format(ending.substr(1)));
    outputs.push_back({format, flags.output});
    return outputs;
  }
  const auto wanted = flags.formats.empty() ? std::vector<std::string>{"svg"} : flags.formats;
  for (const auto& word : wanted) {
    TOKAMARK_TRY(const auto format, render_client::parse_format(word));
    outputs.push_back(
        {format, std::filesystem::path(flags.output) / (stem_of(figure) + "." + word)});
  }
  return outputs;
}

base::Result<std::vector<RenderJob>> make_jobs(const RenderFlags& flags) {
  TOKAMARK_TRY(const auto target, render_client::parse_target(flags.size));
  TOKAMARK_TRY(const auto theme, read_theme(flags.theme));
  std::vector<RenderJob> jobs;
  for (const auto& figure : flags.figures) {
    RenderJob job;
    job.name = figure;
    TOKAMARK_TRY(job.spec, read_json(figure));
    TOKAMARK_TRY(job.outputs, outputs_of(flags, figure));
    job.target = target;
    job.theme = theme;
    job.png_dpi = flags.dpi;
    jobs.push_back(std::move(job));
  }
  return jobs;
}

/// Prints what was written and what is to be said of it; the number of figures that failed.
std::size_t print_figures(const std::vector<RenderJob>& jobs,
                          const std::vector<RenderedFigure>& figures) {
  std::size_t failed = 0;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const auto& figure = figures[i];
    if (!figure.error.empty()) {
      ++failed;
      fmt::print(stderr, "tokamark: {}: {}\n", figure.name, figure.error);
      continue;
    }
    for (const auto& warning : figure.warnings) {
      fmt::print(stderr, "warning: {}: {}\n", figure.name, warning);
    }
    for (const auto& note : figure.layout) {
      fmt::print(stderr, "warning: {}: {}\n", figure.name, note);
    }
    for (const auto& output : jobs[i].outputs) {
      fmt::print("{}  {:.0f} x {:.0f} pt\n", output.path.string(), figure.width_pt,
                 figure.height_pt);
    }
  }
  return failed;
}

base::Result<void> render_figures(const RenderFlags& flags) {
  TOKAMARK_TRY(const auto jobs, make_jobs(flags));
  if (is_folder(flags.output)) TOKAMARK_TRY_VOID(base::make_folder(flags.output));
  render_client::RenderSettings settings;
  settings.figure_limit = std::chrono::milliseconds(static_cast<std::int64_t>(1e3 * flags.limit_s));
  settings.created_unix_s = render_client::source_date();
  TOKAMARK_TRY(const auto figures, render_client::render(jobs, settings));
  const auto failed = print_figures(jobs, figures);
  if (failed == 0) return base::ok();
  return base::Error{base::ErrorKind::study,
                     fmt::format("{} of {} figures could not be drawn", failed, jobs.size())};
}

}  // namespace

void add_render(CLI::App& program, Action& action) {
  auto flags = std::make_shared<RenderFlags>();
  CLI::App* command = program.add_subcommand(
      "render", "Draw a figure of a report, or any Vega-Lite specification, as SVG, PDF or PNG");
  command
      ->add_option("FIGURE", flags->figures,
                   "Vega-Lite specifications with their data inside, as in figures/ttft.vl.json")
      ->required();
  command
      ->add_option("-o,--output", flags->output,
                   "A file that ends in .svg, .pdf or .png; or a folder (DIR/) for several figures")
      ->required();
  command
      ->add_option("--format", flags->formats,
                   "Into a folder: svg, pdf, png, several with commas (default svg)")
      ->delimiter(',')
      ->allow_extra_args(false);
  command
      ->add_option("--size", flags->size,
                   "Width: col1 (84 mm), col2 (174 mm) or web; a specification without $target "
                   "keeps its own")
      ->capture_default_str();
  command->add_option(
      "--theme", flags->theme,
      "paper, slides, web, or FILE.json with a Vega-Lite config that is merged over "
      "the figure's (default: the figure's own)");
  command->add_option("--dpi", flags->dpi, "Resolution of a PNG; 72 is one pixel a point")
      ->check(CLI::Range(10.0, 2400.0))
      ->capture_default_str();
  command->add_option("--time-limit", flags->limit_s, "Seconds that a figure may take")
      ->check(CLI::Range(0.1, 3600.0))
      ->capture_default_str();
  command->callback([flags, &action] { action = [flags] { return render_figures(*flags); }; });
}

}  // namespace tokamark::cli
