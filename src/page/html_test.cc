#include "page/html.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "assets/assets.h"
#include "figures/figures.h"
#include "page/html_page.h"
#include "page/page_files.h"
#include "report/sample_for_tests.h"

namespace tokamark::page {
namespace {

using namespace tokamark::report;
using testing::HasSubstr;
using testing::Not;

/// The page without the chart library and its licences, which are not ours to judge.
std::string own_part(std::string page) {
  for (const auto part : {assets::chart_library(), page_script()}) {
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
  const auto page = report_html(sample_study(), {});
  EXPECT_THAT(page, HasSubstr("Content-Security-Policy\" content=\"default-src 'none'; "
                              "script-src 'sha256-"));
  EXPECT_THAT(page, Not(HasSubstr("unsafe-eval")));
  EXPECT_EQ(page.find("script-src 'unsafe-inline'"), std::string::npos);
}

TEST(ReportHtml, LoadsNothing) {
  const auto page = own_part(report_html(sample_study(), {}));
  EXPECT_THAT(page, Not(HasSubstr("src=")));
  EXPECT_THAT(page, Not(HasSubstr("href=\"h")));
  EXPECT_THAT(page, Not(HasSubstr("href=\"/")));
  EXPECT_THAT(page, Not(HasSubstr("@import")));
  EXPECT_THAT(page, Not(HasSubstr("url(")));
}

TEST(ReportHtml, HostileTextStaysText) {
  const auto page = own_part(report_html(hostile_study(), {}));
  const auto expected =
      assets::chart_library().empty() ? 1U : 3U;  // page, library, and the figures' data
  EXPECT_EQ(count(page, "<script"), expected);
  EXPECT_EQ(count(page, "</script"), expected);
  for (const char* bad :
       {"<img", "<svg", "<b>", "<i>", "<u>", "alert(4)</script><", "\x1b", "\u202e", "\u2028"}) {
    EXPECT_THAT(page, Not(HasSubstr(bad))) << bad;
  }
}

TEST(ReportHtml, IsTheSameBytesForTheSameResult) {
  EXPECT_EQ(report_html(sample_study(), {}), report_html(sample_study(), {}));
}

TEST(ReportHtml, SaysSimulatedInTitleBannerWatermarkAndEveryChart) {
  auto result = sample_study();
  const auto page = own_part(report_html(result, {}));
  EXPECT_THAT(page, HasSubstr("<title>sample (SIMULATED)"));
  EXPECT_THAT(page, HasSubstr("class=\"watermark\""));
  const auto workloads = make_rows(result);
  for (const auto& figure : figures::make_figures(result, workloads[0], {}).figures) {
    EXPECT_THAT(figure.title, HasSubstr("(SIMULATED)"));
    EXPECT_EQ(figure.spec.at("usermeta").at("figure").at("title"), figure.title);
  }
  result.simulated = false;
  EXPECT_THAT(own_part(report_html(result, {})), Not(HasSubstr("SIMULATED")));
}

TEST(ReportHtml, ShowsVerdictsCodesAndAdvice) {
  const auto page = report_html(sample_study(), {});
  EXPECT_THAT(page, HasSubstr("invalid: errors"));
  EXPECT_THAT(page, HasSubstr("12 of 240 requests failed (5.0 %), limit 1 %"));
  EXPECT_THAT(page, HasSubstr("lower the load."));
  EXPECT_THAT(page, HasSubstr("no winner is declared"));
}

TEST(ReportHtml, ShowsVerdictSentencesRecommendationsAndComparisons) {
  const auto page = report_html(compared_study(), {});
  EXPECT_THAT(page, HasSubstr("TTFT p50 of a is 20 % lower than that of b"));
  EXPECT_THAT(page, HasSubstr("<li>For chat at c=8 take a where TTFT p50 counts.</li>"));
  EXPECT_THAT(page, HasSubstr("<h2>Comparisons</h2>"));
  EXPECT_THAT(page, HasSubstr("not declared primary</summary>"));
  EXPECT_THAT(page, Not(HasSubstr("nothing to recommend")));
  EXPECT_THAT(report_html(sample_study(), {}), HasSubstr("There is nothing to recommend."));
}

TEST(ReportHtml, StartsWithTheVerdictAndNamesEachFailedCheck) {
  const auto page = report_html(sample_study(), {});
  EXPECT_THAT(page, HasSubstr("<header id=\"verdict\">"));
  EXPECT_THAT(page, HasSubstr("<p class=\"big\">Not all valid</p>"));
  EXPECT_THAT(page, HasSubstr("<li>errors: 1 trial</li>"));
  EXPECT_THAT(page, HasSubstr("The study states no SLO, so no engine is best at one."));
  EXPECT_LT(page.find("id=\"verdict\""), page.find("id=\"slo\""));
}

TEST(ReportHtml, AlwaysHasTheHonestySectionAndEverySectionInItsContents) {
  for (const auto& result : {sample_study(), compared_study(), record::StudyResult()}) {
    const auto page = own_part(report_html(result, {}));
    EXPECT_THAT(page, HasSubstr("<section id=\"honesty\">"));
    EXPECT_THAT(page, HasSubstr("id=\"table-self-check\""));
    EXPECT_EQ(count(page, "<section id="), count(page, "<a href=\"#") - 1) << "and the header";
    for (const char* id : {"slo", "fairness", "honesty", "runs", "method"}) {
      EXPECT_THAT(page, HasSubstr(std::string("<a href=\"#") + id + "\">"));
      EXPECT_EQ(count(page, std::string("id=\"") + id + "\""), 1U) << id;
    }
  }
}

TEST(ReportHtml, IsCited) {
  EXPECT_THAT(report_html(sample_study(), {}), HasSubstr("@misc{tokamark-sample-"));
}

TEST(ReportHtml, ShowsErrorsByKindOrThatTheyAreNotKnown) {
  const auto result = sample_study();
  EXPECT_THAT(report_html(result, {}), HasSubstr("made without the raw records"));
  detail::StudyDetail detail;
  for (const auto& trial : result.trials) detail[trial.id] = {};
  EXPECT_THAT(report_html(result, detail), HasSubstr("ended as it was asked"));
  detail[result.trials[0].id].errors = {{"http_status", {3}}};
  EXPECT_THAT(report_html(result, detail), HasSubstr("<td class=\"text\">http_status</td>"));
}

TEST(ReportHtml, AStudyWithoutTrialsIsAPageThatSaysSo) {
  EXPECT_THAT(report_html({}, {}), HasSubstr("No trial was recorded."));
}

TEST(ScriptJson, HidesEveryLessThanSign) {
  const nlohmann::json value{{"a", "</script><!--"}};
  const auto text = script_json(value);
  EXPECT_THAT(text, Not(HasSubstr("<")));
  EXPECT_EQ(nlohmann::json::parse(text), value);
}

}  // namespace
}  // namespace tokamark::page
