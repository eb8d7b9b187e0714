#include "report/html.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "report/figure_data.h"
#include "report/figures.h"
#include "report/html_page.h"
#include "report/sample_for_tests.h"
#include "report/web_assets.h"

namespace tokamark::report {
namespace {

using testing::HasSubstr;
using testing::Not;

/// The page without the chart library and its licences, which are not ours to judge.
std::string own_part(std::string page) {
  for (const auto part : {chart_library(), page_script()}) {
    const auto at = part.empty() ? std::string::npos : page.find(part);
    if (at != std::string::npos) {
      page.erase(at, part.size());
    }
  }
  return page;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++found;
  }
  return found;
}

TEST(ReportHtml, CarriesAPolicyThatForbidsEveryRequest) {
  const auto page = report_html(sample_study());
  EXPECT_THAT(page, HasSubstr("Content-Security-Policy\" content=\"default-src 'none'; "
                              "script-src 'sha256-"));
  EXPECT_THAT(page, Not(HasSubstr("unsafe-eval")));
  EXPECT_EQ(page.find("script-src 'unsafe-inline'"), std::string::npos);
}

TEST(ReportHtml, LoadsNothing) {
  const auto page = own_part(report_html(sample_study()));
  EXPECT_THAT(page, Not(HasSubstr("src=")));
  EXPECT_THAT(page, Not(HasSubstr("href=")));
  EXPECT_THAT(page, Not(HasSubstr("@import")));
  EXPECT_THAT(page, Not(HasSubstr("url(")));
}

TEST(ReportHtml, HostileTextStaysText) {
  const auto page = own_part(report_html(hostile_study()));
  const auto expected = chart_library().empty() ? 1U : 3U;  // page, library, and the figures' data
  EXPECT_EQ(count(page, "<script"), expected);
  EXPECT_EQ(count(page, "</script"), expected);
  for (const char* bad :
       {"<img", "<svg", "<b>", "<i>", "<u>", "alert(4)</script><", "\x1b", "\u202e", "\u2028"}) {
    EXPECT_THAT(page, Not(HasSubstr(bad))) << bad;
  }
}

TEST(ReportHtml, IsTheSameBytesForTheSameResult) {
  EXPECT_EQ(report_html(sample_study()), report_html(sample_study()));
}

TEST(ReportHtml, SaysSimulatedInTitleBannerWatermarkAndEveryChart) {
  auto result = sample_study();
  const auto page = own_part(report_html(result));
  EXPECT_THAT(page, HasSubstr("<title>sample (SIMULATED)"));
  EXPECT_THAT(page, HasSubstr("class=\"watermark\""));
  const auto workloads = make_rows(result);
  for (const auto& figure : make_figures(result, workloads[0]).figures) {
    EXPECT_THAT(figure.title, HasSubstr("(SIMULATED)"));
    EXPECT_EQ(figure.spec.at("title"), figure.title);
  }
  result.simulated = false;
  EXPECT_THAT(own_part(report_html(result)), Not(HasSubstr("SIMULATED")));
}

TEST(ReportHtml, ShowsVerdictsCodesAndAdvice) {
  const auto page = report_html(sample_study());
  EXPECT_THAT(page, HasSubstr("invalid: errors"));
  EXPECT_THAT(page, HasSubstr("12 of 240 requests failed (5.0 %), limit 1 %"));
  EXPECT_THAT(page, HasSubstr("lower the load."));
  EXPECT_THAT(page, HasSubstr("no winner is declared"));
}

TEST(ReportHtml, ShowsVerdictSentencesRecommendationsAndComparisons) {
  const auto page = report_html(compared_study());
  EXPECT_THAT(page, HasSubstr("TTFT p50 of a is 20 % lower than that of b"));
  EXPECT_THAT(page, HasSubstr("<li>For chat at c=8 take a where TTFT p50 counts.</li>"));
  EXPECT_THAT(page, HasSubstr("<h2>Comparisons</h2>"));
  EXPECT_THAT(page, Not(HasSubstr("nothing to recommend")));
  EXPECT_THAT(report_html(sample_study()), HasSubstr("There is nothing to recommend."));
}

TEST(ReportHtml, AStudyWithoutTrialsIsAPageThatSaysSo) {
  EXPECT_THAT(report_html({}), HasSubstr("No trial was recorded."));
}

TEST(ScriptJson, HidesEveryLessThanSign) {
  const nlohmann::json value{{"a", "</script><!--"}};
  const auto text = script_json(value);
  EXPECT_THAT(text, Not(HasSubstr("<")));
  EXPECT_EQ(nlohmann::json::parse(text), value);
}

TEST(Figures, DrawAnInvalidTrialApartFromTheLine) {
  const auto result = sample_study();
  const auto workloads = make_rows(result);
  const auto set = make_figures(result, workloads[0]);
  ASSERT_EQ(set.figures.size(), 5u);
  std::size_t invalid = 0;
  for (const auto& datum : set.figures[0].spec.at("data").at("values")) {
    invalid += datum.at("valid").get<bool>() ? 0 : 1;
    EXPECT_EQ(datum.at("line").is_null(), !datum.at("valid").get<bool>());
  }
  EXPECT_EQ(invalid, 1u);
}

TEST(Figures, OneLoadMakesNoLineAndSaysWhy) {
  record::StudyResult result;
  result.trials = {sample_trial("a", 8, 1, 20)};
  const auto workloads = make_rows(result);
  const auto set = make_figures(result, workloads[0]);
  EXPECT_EQ(set.figures.size(), 3u);
  EXPECT_THAT(set.left_out,
              testing::Contains("Output throughput over concurrency: chat: it needs at least two "
                                "loads."));
}

TEST(Figures, SayWhichPercentileIsNotShown) {
  const auto result = sample_study();
  const auto workloads = make_rows(result);
  const auto set = make_figures(result, workloads[0]);
  EXPECT_THAT(set.figures[2].caption,
              HasSubstr("Not shown: TTFT p99 of 4 of 4 rows (needs 1000 samples, has 240)."));
}

TEST(Figures, ShowSecondsOnceTenAreReached) {
  record::StudyResult result;
  result.trials = {sample_trial("a", 8, 1, 9'000)};  // its p95 is 13,500 ms
  const auto workloads = make_rows(result);
  const auto figure = make_figures(result, workloads[0]).figures[0];
  const auto& panel = figure.spec.at("concat").at(0);
  EXPECT_EQ(panel.at("encoding").at("y").at("title"), "TTFT (s)");
  EXPECT_DOUBLE_EQ(panel.at("data").at("values").at(0).at("value").get<double>(), 9.0);
}

TEST(Ticks, StartAtZeroAndEndAboveTheLargestValue) {
  const auto ticks = make_ticks(37.0);
  EXPECT_EQ(ticks.values, (std::vector<double>{0, 10, 20, 30, 40}));
  EXPECT_EQ(ticks.end, 40.0);
  EXPECT_GT(make_ticks(40.0).end, 40.0);
  EXPECT_EQ(make_ticks(0.0).end, 1.0);
}

}  // namespace
}  // namespace tokamark::report
