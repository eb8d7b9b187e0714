#include "render_client/render_client.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

namespace tokamark::render_client {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
namespace fs = std::filesystem;

/// A stand-in for the renderer: a shell script that sees the jobs in $jobs.
class StandIn : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / ("render_client_" + std::to_string(::getpid()));
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  [[nodiscard]] RenderSettings settings(const std::string& script) const {
    const auto path = folder_ / "tokamark-render";
    std::ofstream(path) << "#!/bin/sh\njobs=$(cat)\n" << script;
    fs::permissions(path, fs::perms::owner_all);
    RenderSettings all;
    all.program = path;
    return all;
  }

  [[nodiscard]] const fs::path& folder() const { return folder_; }

 private:
  fs::path folder_;
};

std::vector<RenderJob> jobs(const std::vector<std::string>& names) {
  std::vector<RenderJob> all;
  for (const auto& name : names) {
    all.emplace_back();
    all.back().name = name;
  }
  return all;
}

constexpr const char* kAnswers = R"(answer() { printf '{"name": "%s", "error": null}\n' "$1"; }
)";

TEST_F(StandIn, EachJobHasItsAnswer) {
  const auto figures =
      render(jobs({"a", "b"}),
             settings(R"(printf '{"name": "a", "error": null, "warnings": ["w"], "layout": ["l"], )"
                      R"("width_pt": 238, "height_pt": 100}\n{"name": "b", "error": "why"}\n')"));
  ASSERT_TRUE(figures.has_value()) << figures.error().message;
  ASSERT_EQ(figures.value().size(), 2U);
  EXPECT_THAT(figures.value()[0].error, IsEmpty());
  EXPECT_EQ(figures.value()[0].warnings, std::vector<std::string>{"w"});
  EXPECT_EQ(figures.value()[0].layout, std::vector<std::string>{"l"});
  EXPECT_EQ(figures.value()[0].width_pt, 238.0);
  EXPECT_EQ(figures.value()[1].error, "why");
}

TEST_F(StandIn, AFigureThatKillsItFailsAlone) {
  const auto all = settings(std::string(kAnswers) + R"(case $jobs in
    *'"name":"first"'*) answer first; printf '{"name": "bad", "er'; kill -SEGV $$ ;;
    *'"name":"bad"'*) exit 9 ;;
    *) answer last ;;
  esac
)");
  const auto figures = render(jobs({"first", "bad", "last"}), all);
  ASSERT_TRUE(figures.has_value()) << figures.error().message;
  ASSERT_EQ(figures.value().size(), 3U);
  EXPECT_THAT(figures.value()[0].error, IsEmpty());
  EXPECT_EQ(figures.value()[1].name, "bad");
  EXPECT_EQ(figures.value()[1].error, "ended the renderer by signal 11");
  EXPECT_THAT(figures.value()[2].error, IsEmpty());
}

TEST_F(StandIn, ManyJobsAreSharedAndKeepTheirOrder) {
  std::vector<std::string> names;
  for (int i = 0; i < 25; ++i) names.push_back(fmt::format("j{}", i));
  const auto figures = render(jobs(names), settings(R"(
    printf '%s' "$jobs" | grep -o '"name":"j[0-9]*"' | sed 's/.*/{&, "error": null}/'
)"));
  ASSERT_TRUE(figures.has_value()) << figures.error().message;
  std::vector<std::string> drawn;
  for (const auto& figure : figures.value()) drawn.push_back(figure.name + figure.error);
  EXPECT_EQ(drawn, names);
}

TEST_F(StandIn, SaysItselfWhatAFigureTookTooMuchOf) {
  const auto figures =
      render(jobs({"endless"}), settings(R"(echo '{"ended": "took longer than 3 s"}'; exit 1)"));
  ASSERT_TRUE(figures.has_value());
  EXPECT_EQ(figures.value()[0].error, "took longer than 3 s");
}

TEST_F(StandIn, WhereItCannotWorkAtAllThatIsTheError) {
  const auto figures =
      render(jobs({"a"}), settings(R"(echo '{"fatal": "the limit on address space"}'; exit 1)"));
  ASSERT_TRUE(figures.has_error());
  EXPECT_EQ(figures.error().kind, base::ErrorKind::output);
  EXPECT_EQ(figures.error().message, "the limit on address space");
}

TEST_F(StandIn, JobsArriveWithTheirMembers) {
  RenderJob job;
  job.name = "a";
  job.spec = {{"mark", "bar"}};
  job.target = Target::web;
  job.theme = {{"font", "Inter"}};
  job.outputs = {{Format::pdf, "a.pdf"}};
  auto all = settings("printf '%s' \"$jobs\" > " + (folder() / "seen.json").string());
  all.created_unix_s = 7;
  all.figure_limit = std::chrono::seconds(2);
  ASSERT_TRUE(render({job}, all).has_value());
  std::ifstream file(folder() / "seen.json");
  EXPECT_EQ(nlohmann::json::parse(file), nlohmann::json::parse(R"({
    "created_unix_s": 7, "figure_limit_ms": 2000,
    "jobs": [{"name": "a", "spec": {"mark": "bar"}, "target": "web", "theme": {"font": "Inter"},
              "png_dpi": 300.0, "outputs": [{"format": "pdf", "path": "a.pdf"}]}]})"));
}

TEST_F(StandIn, IsFoundByItsVariableAndOnThePath) {
  const auto program = settings("").program;
  const std::string path = std::getenv("PATH");
  ::setenv("TOKAMARK_RENDER", program.c_str(), 1);
  EXPECT_EQ(find_program().value(), program);
  ::setenv("TOKAMARK_RENDER", "/nonexistent/renderer", 1);
  EXPECT_THAT(find_program().error().message, HasSubstr("names /nonexistent/renderer"));
  ::unsetenv("TOKAMARK_RENDER");
  ::setenv("PATH", ("/nonexistent::" + folder().string()).c_str(), 1);
  EXPECT_EQ(find_program().value(), program);
  ::setenv("PATH", "/nonexistent", 1);
  const auto missing = find_program();
  ::setenv("PATH", path.c_str(), 1);
  ASSERT_TRUE(missing.has_error());
  EXPECT_EQ(missing.error().kind, base::ErrorKind::output);
  EXPECT_THAT(missing.error().message, HasSubstr("libjavascriptcoregtk-4.1-dev"));
}

TEST(Words, AreThoseOfTheCommandLine) {
  EXPECT_EQ(parse_target("col1").value(), Target::col1);
  EXPECT_EQ(to_word(Format::png), "png");
  EXPECT_EQ(parse_format("gif").error().message,
            "no format is named 'gif'; there are svg, pdf, png");
}

}  // namespace
}  // namespace tokamark::render_client
