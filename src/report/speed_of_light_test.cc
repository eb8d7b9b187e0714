#include "report/speed_of_light.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/markdown.h"
#include "report/sample_for_tests.h"
#include "report/terminal.h"

namespace tokamark::report {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

json shares(double tpot, double output, double ttft) {
  return {{"tpot_fraction", tpot},
          {"output_fraction", output},
          {"ttft_fraction", ttft},
          {"bound", "memory"},
          {"reason", nullptr}};
}

/// Engine a at c1 three times; the other rows of the sample know nothing.
record::StudyResult study() {
  auto result = sample_study();
  result.trials.resize(2);
  result.trials.push_back(sample_trial("a", 1, 2, 20));
  result.trials.push_back(sample_trial("a", 1, 3, 20));
  result.trials[0].speed_of_light = shares(0.4, 0.5, 0.1);
  result.trials[2].speed_of_light = shares(0.432, 0.5, 0.3);
  result.trials[3].speed_of_light = shares(0.6, 0.5, 0.2);
  return result;
}

TEST(SpeedOfLight, IsTheMedianOverTheRuns) {
  const auto result = study();
  const auto speed = speed_of_light(result, make_rows(result));
  EXPECT_THAT(speed_lines(speed),
              ElementsAre("chat c=1, a: TPOT 43.2 %, output 50 %, TTFT 20 %, bound by memory"));
}

TEST(SpeedOfLight, OfInvalidRunsSaysSo) {
  auto result = study();
  for (auto& trial : result.trials) {
    trial.verdict = record::Verdict::invalid;
    trial.codes = {{"cache_warm", "", ""}};
  }
  const auto speed = speed_of_light(result, make_rows(result));
  EXPECT_THAT(speed_lines(speed).front(), HasSubstr("bound by memory, invalid: cache_warm"));
  const auto table = speed_table(speed);
  EXPECT_EQ(table.rows[0].state, RowState::bad);
  EXPECT_EQ(table.rows[0].cells.back().text, "invalid: cache_warm");
}

TEST(SpeedOfLight, IsADashWhereOneRunLacksIt) {
  auto result = study();
  result.trials[2].speed_of_light["ttft_fraction"] = nullptr;
  const auto speed = speed_of_light(result, make_rows(result));
  ASSERT_EQ(speed.rows.size(), 1U);
  EXPECT_EQ(speed.rows[0].ttft, "-");
  EXPECT_EQ(speed.rows[0].tpot, "43.2 %");
}

TEST(SpeedOfLight, SaysOnceWhyItIsNotKnown) {
  auto result = study();
  for (auto& trial : result.trials) trial.speed_of_light = {{"reason", "there is no GPU"}};
  const auto speed = speed_of_light(result, make_rows(result));
  EXPECT_TRUE(speed.rows.empty());
  EXPECT_THAT(speed.unknown, ElementsAre("Not known for b, a: there is no GPU."));
}

TEST(SpeedOfLight, ShoutsAboutTheImpossible) {
  auto result = study();
  EXPECT_THAT(speed_table(speed_of_light(result, make_rows(result))).notes[0],
              Not(HasSubstr("IMPOSSIBLE")));
  result.trials[0].speed_of_light["tpot_fraction"] = 1.25;
  const auto speed = speed_of_light(result, make_rows(result));
  EXPECT_TRUE(speed.rows[0].impossible);
  EXPECT_THAT(speed_table(speed).notes[0], HasSubstr("IMPOSSIBLE"));
  EXPECT_EQ(speed_table(speed).rows[0].state, RowState::bad);
  EXPECT_THAT(speed_lines(speed)[0], HasSubstr("IMPOSSIBLE"));
}

TEST(SpeedOfLight, IsInEveryReport) {
  const auto result = study();
  EXPECT_THAT(summary_markdown(result),
              HasSubstr("| chat | c=1 | a | 43.2 % | 50 % | 20 % | memory |"));
  EXPECT_EQ(speed_table(speed_of_light(result, make_rows(result))).title,
            "Of the speed of light (SIMULATED)");
  EXPECT_THAT(terminal_table(result, {}), HasSubstr("chat c=1, a: TPOT 43.2 %"));
}

TEST(SpeedOfLight, IsLeftOutOfResultsOfOlderVersions) {
  EXPECT_THAT(summary_markdown(sample_study()), Not(HasSubstr("speed of light")));
  EXPECT_THAT(terminal_table(sample_study(), {}), Not(HasSubstr("speed of light")));
}

TEST(SpeedOfLight, SurvivesAnythingInItsPlace) {
  for (const auto& odd : {json("text"), json::array({1}), json{{"tpot_fraction", "x"}},
                          json{{"reason", 3}}, json{{"reason", "<b>|`"}}}) {
    auto result = study();
    for (auto& trial : result.trials) trial.speed_of_light = odd;
    EXPECT_THAT(table_html(speed_table(speed_of_light(result, make_rows(result))), {}),
                Not(HasSubstr("<b>|")));
    EXPECT_FALSE(summary_markdown(result).empty());
  }
}

}  // namespace
}  // namespace tokamark::report
