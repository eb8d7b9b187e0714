#include <cairo.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "base/files.h"
#include "base/program.h"
#include "figures/figures.h"
#include "figures/sample_for_tests.h"
#include "figures/themes.h"
#include "render_client/render_client.h"
#include "report/sample_for_tests.h"

namespace tokamark::render_client {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::IsEmpty;
namespace fs = std::filesystem;

/// Files of one test, removed when it ends.
class Rendering : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / fmt::format("render_figures_{}", ::getpid());
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  [[nodiscard]] std::string place(const std::string& name) const {
    return (folder_ / name).string();
  }
  static std::string read(const std::string& path) {
    return base::read_file(path, base::ErrorKind::output).value();
  }
  static std::string output_of(std::vector<std::string> argv) {
    base::ProgramCall call;
    call.argv = std::move(argv);
    const auto end = base::run_program(call);
    return end.has_value() ? end.value().output : "";
  }

 private:
  fs::path folder_;
};

json small_spec() {
  return json::parse(R"json({
    "width": {"$target": {"col1": 200, "col2": 450, "web": 800}}, "height": 90,
    "title": "Output throughput over concurrency (SIMULATED)",
    "data": {"values": [{"x": 1, "y": 90.5, "e": "a"}, {"x": 2, "y": 170, "e": "a"},
                        {"x": 1, "y": 60, "e": "b"}, {"x": 2, "y": 110, "e": "b"}]},
    "mark": {"type": "line", "point": true},
    "encoding": {
  "x" : {
    "field" : "x",
    "type" : "quantitative",
    "title" : "Concurrency",
    "axis" : {"values" : [ 1, 2 ]}
  },
        "y" : {"field" : "y", "type" : "quantitative", "title" : "Output (tokens/s)"},
              "color" : {
    "field" : "e", "type" : "nominal", "title" : null
  }}})json");
}

RenderJob job_of(const json& spec, std::vector<RenderOutput> outputs) {
  RenderJob job;
  job.name = "figure";
  job.spec = spec;
  job.target = Target::col1;
  job.theme = figures::theme(figures::Theme::paper);
  job.outputs = std::move(outputs);
  return job;
}

RenderedFigure render_one(const RenderJob& job, const RenderSettings& settings = {}) {
  const auto figures = render({job}, settings);
  if (figures.has_error()) return {job.name, figures.error().message, {}, {}, 0.0, 0.0};
  return figures.value().at(0);
}

TEST_F(Rendering, SvgIsTheGoldenOne) {
  const auto svg = place("a.svg");
  ASSERT_THAT(render_one(job_of(small_spec(), {{Format::svg, svg}})).error, IsEmpty());
  report::expect_golden("figure.svg", read(svg));
}

TEST_F(Rendering, TheSameJobGivesTheSameBytesOnAMachineWithoutFonts) {
  const auto draw = [this](const std::string& name) {
    const auto job = job_of(small_spec(), {{Format::svg, place(name + ".svg")},
                                           {Format::pdf, place(name + ".pdf")},
                                           {Format::png, place(name + ".png")}});
    EXPECT_THAT(render_one(job).error, IsEmpty());
  };
  draw("first");
  ::setenv("FONTCONFIG_FILE", "/nonexistent", 1);
  draw("second");
  ::unsetenv("FONTCONFIG_FILE");
  for (const char* ending : {".svg", ".pdf", ".png"}) {
    EXPECT_TRUE(read(place("first") + ending) == read(place("second") + ending)) << ending;
  }
}

TEST_F(Rendering, PngHasItsSizeAndSomethingOnIt) {
  const auto png = place("a.png");
  const auto figure = render_one(job_of(small_spec(), {{Format::png, png}}));
  ASSERT_THAT(figure.error, IsEmpty());
  cairo_surface_t* picture = cairo_image_surface_create_from_png(png.c_str());
  const int width = cairo_image_surface_get_width(picture);
  const int height = cairo_image_surface_get_height(picture);
  EXPECT_EQ(width, 992);  // ceil(238 * 300 / 72)
  EXPECT_NEAR(height, figure.height_pt * 300.0 / 72.0, 1.0);
  const unsigned char* bytes = cairo_image_surface_get_data(picture);
  const int stride = cairo_image_surface_get_stride(picture);
  int drawn = 0;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const unsigned char* pixel = bytes + y * stride + 4 * x;
      drawn += pixel[0] != 255 || pixel[1] != 255 || pixel[2] != 255 ? 1 : 0;
    }
  }
  cairo_surface_destroy(picture);
  const double share = static_cast<double>(drawn) / (width * height);
  EXPECT_GT(share, 0.02);
  EXPECT_LT(share, 0.4);
}

TEST_F(Rendering, PdfHasItsFontsInsideAndTheWidthOfItsColumn) {
  if (output_of({"pdffonts", "-v"}).empty() && output_of({"pdfinfo", "/dev/null"}).empty() &&
      std::system("command -v pdffonts >/dev/null") != 0) {
    GTEST_SKIP() << "pdffonts is not installed (poppler-utils)";
  }
  const auto pdf = place("a.pdf");
  ASSERT_THAT(render_one(job_of(small_spec(), {{Format::pdf, pdf}})).error, IsEmpty());
  const auto fonts = output_of({"pdffonts", pdf});
  EXPECT_THAT(fonts, HasSubstr("Inter"));
  EXPECT_THAT(fonts, testing::Not(HasSubstr("Type 3")));
  std::size_t lines = 0;
  for (std::size_t at = fonts.find('\n', fonts.find("---")); at + 1 < fonts.size(); ++lines) {
    const auto end = fonts.find('\n', at + 1);
    // name, type, encoding, then "emb sub uni" and the object's number
    EXPECT_THAT(fonts.substr(at, end - at), testing::ContainsRegex(" yes +yes +yes "));
    at = end;
  }
  EXPECT_GE(lines, 2U);  // regular and semibold
  EXPECT_THAT(output_of({"pdfinfo", pdf}), testing::ContainsRegex("Page size: +238 x "));
}

TEST_F(Rendering, AnEndlessSpecificationCostsItsFigureAlone) {
  // A median over 100,001 neighbours of each of 200,000 rows: hours.
  auto endless = small_spec();
  endless["data"] = json::parse(R"({"sequence": {"start": 0, "stop": 200000, "as": "y"}})");
  endless["transform"] = json::parse(R"([{"window": [{"op": "median", "field": "y", "as": "m"}],
                                          "frame": [-50000, 50000]}])");
  RenderSettings settings;
  settings.figure_limit = std::chrono::seconds(3);
  const auto good = [this](const char* name) {
    return job_of(small_spec(), {{Format::svg, place(name)}});
  };
  const auto figures = render(
      {good("1.svg"), job_of(endless, {{Format::svg, place("2.svg")}}), good("3.svg")}, settings);
  ASSERT_TRUE(figures.has_value()) << figures.error().message;
  EXPECT_THAT(figures.value()[0].error, IsEmpty());
  EXPECT_EQ(figures.value()[1].error, "took longer than 3 s to draw");
  EXPECT_THAT(figures.value()[2].error, IsEmpty());
  EXPECT_FALSE(fs::exists(place("2.svg")));
  EXPECT_EQ(read(place("1.svg")), read(place("3.svg")));
}

TEST_F(Rendering, AFigureThatCannotBeWrittenSaysWhere) {
  const auto figure = render_one(job_of(small_spec(), {{Format::svg, "/nonexistent/a.svg"}}));
  EXPECT_THAT(figure.error, HasSubstr("/nonexistent"));
}

/// A study that figures are made of, by its name in the test's.
struct NamedSample {
  std::string name;
  figures::Sample study;
};

/// The name of a test holds what this prints, and must not hold addresses.
void PrintTo(const NamedSample& sample, std::ostream* out) { *out << sample.name; }

figures::Sample without_detail(record::StudyResult result) { return {std::move(result), {}}; }

std::vector<NamedSample> samples() {
  using figures::sample;
  return {{"sample", without_detail(report::sample_study())},
          {"compared", without_detail(report::compared_study())},
          {"hostile", without_detail(report::hostile_study())},
          {"one_engine_one_load", sample({.engines = 1, .loads = 1})},
          {"two_engines", sample({.engines = 2, .loads = 4, .repeats = 2})},
          {"six_engines", sample({.engines = 6, .loads = 3})},
          {"nine_loads", sample({.engines = 2, .loads = 9})},
          {"open_loads", sample({.engines = 3, .loads = 4, .open = true})},
          {"long_names", sample({.engines = 3, .loads = 3, .long_names = true})},
          {"gaps", sample({.engines = 2, .loads = 4, .repeats = 2, .missing = true})}};
}

class EveryFigure : public testing::TestWithParam<NamedSample> {};

/// Each figure of a study, for each place where it may be seen.
std::vector<RenderJob> jobs_of(const figures::Sample& study) {
  std::vector<RenderJob> jobs;
  const auto add = [&jobs](const figures::Figure& figure, Target target, figures::Theme theme) {
    RenderJob job;
    job.name = fmt::format("{} ({})", figure.title, to_word(target));
    job.spec = figure.spec;
    job.target = target;
    job.theme = figures::theme(theme);
    jobs.push_back(std::move(job));
  };
  for (const auto& workload : report::make_rows(study.result)) {
    const auto made = figures::make_figures(study.result, workload, study.detail);
    for (const auto& figure : made.figures) {
      add(figure, Target::col1, figures::Theme::paper);
      add(figure, Target::col2, figures::Theme::paper);
      add(figure, Target::web, figures::Theme::web);
    }
  }
  return jobs;
}

TEST_P(EveryFigure, IsDrawnWithoutAWarningAndNoTextLiesOnAnother) {
  const auto jobs = jobs_of(GetParam().study);
  ASSERT_THAT(jobs, testing::Not(IsEmpty()));
  const auto figures = render(jobs, {});
  ASSERT_TRUE(figures.has_value()) << figures.error().message;
  for (const auto& figure : figures.value()) {
    EXPECT_THAT(figure.error, IsEmpty()) << figure.name;
    EXPECT_THAT(figure.warnings, IsEmpty()) << figure.name;
    EXPECT_THAT(figure.layout, IsEmpty()) << figure.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Samples, EveryFigure, testing::ValuesIn(samples()),
                         [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace tokamark::render_client
