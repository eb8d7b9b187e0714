#include "cli/own_figures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/files.h"

namespace tokamark::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;

class OwnFigures : public testing::Test {
 protected:
  OwnFigures() {
    EXPECT_TRUE(base::make_folder(folder_).has_value());
    figures::Figure figure;
    figure.id = "pareto-chat";
    figure.title = "Pareto";
    figure.spec = {{"title", "Pareto"},
                   {"layer", {{{"data", {{"values", {{{"x", 1}}, {{"x", 2}}}}}}, {"mark", "bar"}}}},
                   {"usermeta", {{"figure", {{"id", "pareto-chat"}, {"simulated", true}}}}}};
    sets_.push_back({{figure}, {}});
  }
  ~OwnFigures() override { fs::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) {
    EXPECT_TRUE(base::write_file_atomic(folder_ / name, text).has_value());
  }

  base::Result<void> apply() {
    record::StudyResult result;
    result.simulated = true;
    result.trials.resize(1);
    result.trials[0].id = "r1-a-chat-c1";
    return apply_own_figures(folder_, result, sets_);
  }

  fs::path folder_ = fs::temp_directory_path() / ("own-figures-" + std::to_string(::getpid()));
  std::vector<figures::FigureSet> sets_;
};

TEST_F(OwnFigures, ReplaceTheFigureOfTheirNameInEveryWorkloadAndGetItsData) {
  write("pareto.vl.json", R"({"data": {"name": "figure"}, "mark": "point", "title": "Mine"})");
  ASSERT_TRUE(apply().has_value());
  const auto& figure = sets_[0].figures[0];
  EXPECT_EQ(figure.spec["mark"], "point");
  EXPECT_EQ(figure.spec["data"]["values"], json::parse(R"([{"x": 1}, {"x": 2}])"));
  EXPECT_EQ(figure.spec["title"]["text"], "Mine (SIMULATED)") << "whatever the title of the user's";
  EXPECT_EQ(figure.spec["usermeta"]["figure"]["id"], "pareto-chat");
}

TEST_F(OwnFigures, OfAnotherNameAreAddedWithTheTrials) {
  write("mine.vl.json", R"({"data": {"name": "figure"}, "mark": "point"})");
  ASSERT_TRUE(apply().has_value());
  ASSERT_EQ(sets_[0].figures.size(), 2U);
  const auto& figure = sets_[0].figures[1];
  EXPECT_EQ(figure.id, "mine");
  EXPECT_EQ(figure.spec["data"]["values"][0]["trial"], "r1-a-chat-c1");
  EXPECT_TRUE(figure.spec["data"]["values"][0].contains("ttft_p99_ms"));
  EXPECT_THAT(figure.spec["title"]["text"].get<std::string>(), HasSubstr("SIMULATED"));
}

TEST_F(OwnFigures, ThatAreNoSpecificationAreRefusedByName) {
  write("mine.vl.json", "[1");
  const auto done = apply();
  ASSERT_FALSE(done.has_value());
  EXPECT_THAT(done.error().message, HasSubstr("mine.vl.json is not a Vega-Lite specification"));
}

TEST_F(OwnFigures, AnEmptyFolderIsRefused) {
  const auto done = apply();
  ASSERT_FALSE(done.has_value());
  EXPECT_EQ(done.error().kind, base::ErrorKind::usage);
}

TEST_F(OwnFigures, TheTableOfAFigureHasARowForEachDatum) {
  const auto table = figure_table(sets_[0].figures[0]);
  ASSERT_EQ(table.rows.size(), 2U);
  EXPECT_TRUE(table.simulated);
  EXPECT_EQ(report::table_csv(table), "simulated,x\r\ntrue,1\r\ntrue,2\r\n");
}

}  // namespace
}  // namespace tokamark::cli
