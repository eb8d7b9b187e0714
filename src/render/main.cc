#include <fmt/format.h>

#include <iostream>
#include <iterator>
#include <string>

#include "assets/assets.h"
#include "assets/fonts.h"
#include "base/files.h"
#include "render/figure_drawer.h"
#include "render/job_list.h"
#include "render/limits.h"
#include "render/raster.h"

namespace tokamark::render {
namespace {

constexpr const char* kHelp =
    "Draws Vega-Lite specifications as SVG, PDF and PNG for tokamark; people use `tokamark "
    "render`\n"
    "and `tokamark report --format`. Standard input is a JSON object, as in\n"
    "  {\"jobs\": [{\"name\": \"a\", \"file\": \"a.vl.json\", \"target\": \"col1\",\n"
    "             \"outputs\": [{\"format\": \"pdf\", \"path\": \"a.pdf\"}]}]}\n"
    "and standard output one JSON line for each job, in order.\n"
    "  --version   the version\n"
    "  --licences  the licences of what this program carries\n";

using nlohmann::json;

void print_line(const json& line) {
  std::cout << line.dump(-1, ' ', false, json::error_handler_t::replace) << std::endl;
}

base::Result<void> write_outputs(const Job& job, const DrawnFigure& figure, std::int64_t created) {
  const auto meta = job.spec.value("/usermeta/figure/title"_json_pointer, job.name);
  for (const auto& output : job.outputs) {
    std::string bytes = figure.svg;
    if (output.format == "pdf") {
      TOKAMARK_TRY(bytes, svg_to_pdf(figure.svg, {meta, created}));
    } else if (output.format == "png") {
      TOKAMARK_TRY(bytes, svg_to_png(figure.svg, job.png_dpi));
    } else {
      bytes += '\n';
    }
    TOKAMARK_TRY_VOID(base::write_file_atomic(output.path, bytes));
  }
  return base::ok();
}

base::Result<DrawnFigure> draw_job(FigureDrawer& drawer, Job& job, std::int64_t created) {
  if (!job.spec.is_object()) {
    return base::Error{base::ErrorKind::study, "the specification is no JSON object"};
  }
  if (!job.theme.is_null()) {
    auto& config = job.spec["config"];
    if (!config.is_object()) config = json::object();
    config.update(job.theme, true);  // not as a merge patch: null is a value of a config
  }
  TOKAMARK_TRY(DrawnFigure figure, drawer.draw(job.spec, job.target));
  TOKAMARK_TRY_VOID(write_outputs(job, figure, created));
  return figure;
}

json answer(std::size_t index, const Job& job, const base::Result<DrawnFigure>& drawn) {
  json line{{"job", index}, {"name", job.name}, {"error", nullptr}};
  if (drawn.has_error()) {
    line["error"] = drawn.error().message;
    return line;
  }
  const auto& figure = drawn.value();
  line["warnings"] = figure.warnings;
  line["layout"] = figure.layout;
  line["width_pt"] = figure.width;
  line["height_pt"] = figure.height;
  return line;
}

base::Result<void> draw_all() {
  TOKAMARK_TRY_VOID(prepare_process());
  const std::string input{std::istreambuf_iterator<char>(std::cin), {}};
  TOKAMARK_TRY(JobList list, read_job_list(input));
  TOKAMARK_TRY(const auto fonts, Fonts::load());
  TOKAMARK_TRY(const auto drawer, FigureDrawer::make(*fonts));
  for (std::size_t i = 0; i < list.jobs.size(); ++i) {
    limit_figure(list.figure_limit);
    print_line(answer(i, list.jobs[i], draw_job(*drawer, list.jobs[i], list.created_unix_s)));
  }
  return base::ok();
}

int main_program(const std::string& argument) {
  if (argument == "--version") {
    fmt::print("tokamark-render {}\n", TOKAMARK_VERSION);
    return 0;
  }
  if (argument == "--licences") {
    std::cout << assets::chart_notices() << "\n\n" << assets::font_notices();
    return 0;
  }
  if (!argument.empty()) {
    fmt::print(argument == "--help" ? stdout : stderr, "{}", kHelp);
    return argument == "--help" ? 0 : base::exit_code(base::ErrorKind::usage);
  }
  const auto done = draw_all();
  if (done.has_value()) return 0;
  print_line({{"fatal", done.error().message}});
  return base::exit_code(done.error().kind);
}

}  // namespace
}  // namespace tokamark::render

int main(int argc, char** argv) { return tokamark::render::main_program(argc > 1 ? argv[1] : ""); }
