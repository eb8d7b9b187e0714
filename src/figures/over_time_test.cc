#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "figures/figures.h"
#include "figures/sample_for_tests.h"

namespace tokamark::figures {
namespace {

using nlohmann::json;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

TEST(Errors, AreCountedByKindAndStacked) {
  const auto set = make(sample({.engines = 3, .loads = 1, .missing = true}));
  const auto& figure = find(set, "errors-chat");
  ASSERT_EQ(figure.spec.at("concat").size(), 1u);  // only the third trial has failures
  double most = 0.0;
  for (const auto& row : figure.spec["concat"][0]["data"]["values"]) {
    most = std::max(most, row.at("high").get<double>());
    EXPECT_LE(row.at("low").get<double>(), row.at("high").get<double>());
  }
  EXPECT_GE(most, 1.0);
  EXPECT_THAT(figure.caption, HasSubstr("None: engine-1, engine-2."));
}

TEST(Errors, NoneAreOfEnginesThatWereSeenAlone) {
  auto study = sample({.engines = 3, .loads = 1, .missing = true});
  study.detail.erase(study.result.trials[0].id);
  study.result.study["engines"].push_back({{"name", "dead"}});
  const auto set = make(study);
  EXPECT_THAT(find(set, "errors-chat").caption,
              HasSubstr(" None: engine-2. No trial: dead at c=1."));
}

TEST(Waterfall, ShowsWaitDecodeAndStalls) {
  const auto set = make(sample({.engines = 1, .loads = 1}));
  const auto& panel = find(set, "waterfall-chat").spec.at("concat").at(0);
  std::set<std::string> parts;
  for (const auto& row : panel.at("data").at("values")) parts.insert(row.at("part"));
  EXPECT_THAT(parts,
              testing::ElementsAre("decoding", "due, not sent", "stall", "waiting and prefill"));
}

TEST(Timeline, HasFewTicksEquallyFarFromEachOther) {
  const auto set = make(sample({.engines = 1, .loads = 1}));
  for (const auto& panel : find(set, "timeline-chat").spec.at("concat")) {
    const auto ticks = panel.at("layer")
                           .at(1)
                           .at("encoding")
                           .at("y")
                           .at("axis")
                           .at("values")
                           .get<std::vector<double>>();
    EXPECT_GE(ticks.size(), 2u);
    EXPECT_LE(ticks.size(), 4u);
    for (std::size_t i = 2; i < ticks.size(); ++i) {
      EXPECT_NEAR(ticks[i] - ticks[i - 1], ticks[1] - ticks[0], 1e-9) << panel.at("title");
    }
  }
}

/// The points of a request's line, from left to right.
std::vector<std::pair<double, double>> line_of(const json& panel, const std::string& request) {
  std::vector<std::pair<double, double>> points;
  for (const auto& row : panel.at("data").at("values")) {
    if (row.at("request") == request) points.emplace_back(row.at("x"), row.at("value"));
  }
  return points;
}

TEST(TokenLines, StepFromDueToTheEndThroughWaitAndStall) {
  auto study = sample({.engines = 1, .loads = 1});
  auto& detail = study.detail.begin()->second;
  // Ten tokens a second from 1 s on, nothing from 2 s to 9 s, and then five at once.
  detail::TokenLine line{
      7, record::RequestStatus::timed_out, record::RequestError::total_timeout, 10.0, {}};
  for (int i = 0; i <= 10; ++i) line.arrivals.push_back({1.0 + 0.1 * i, 1.0 + i});
  line.arrivals.push_back({9.0, 16.0});
  detail.slowest = {line};
  detail.median_request.reset();
  const auto set = make(study);
  const auto& panel = find(set, "tokens-chat").spec.at("concat").at(0);
  const auto points = line_of(panel, "7");
  ASSERT_EQ(points.size(), 14u);  // there is room for all
  EXPECT_THAT(find(set, "tokens-chat").caption, Not(HasSubstr("may not show")));
  EXPECT_EQ(points.front(), std::pair(0.0, 0.0));
  EXPECT_EQ(points[1], std::pair(1.0, 1.0));
  EXPECT_EQ(points[11], std::pair(2.0, 11.0));
  EXPECT_EQ(points[12], std::pair(9.0, 16.0));
  EXPECT_EQ(points.back(), std::pair(10.0, 16.0));
  EXPECT_EQ(panel.at("data").at("values").at(0).at("status"),
            "timed_out: total_timeout after 10.0 s");
  const auto& crosses = panel.at("layer").at(1).at("data").at("values");
  ASSERT_EQ(crosses.size(), 1u);
  EXPECT_EQ(crosses[0].at("x"), 10.0);
  EXPECT_EQ(crosses[0].at("value"), 16.0);
}

TEST(TokenLines, AreThinnedButKeepBothEndsOfAStall) {
  auto study = sample({.engines = 1, .loads = 1});
  auto& detail = study.detail.begin()->second;
  detail::TokenLine line{7, record::RequestStatus::succeeded, record::RequestError::none, 20.0, {}};
  // A token each millisecond, but for one second after the 9,000th.
  for (int i = 1; i <= 19'000; ++i) {
    line.arrivals.push_back({0.001 * i + (i > 9'000 ? 1.0 : 0.0), static_cast<double>(i)});
  }
  detail.slowest = {line};
  detail.median_request.reset();
  const auto set = make(study);
  const auto& figure = find(set, "tokens-chat");
  EXPECT_LE(count_rows(figure.spec), 2000u);
  const auto points = line_of(figure.spec.at("concat").at(0), "7");
  EXPECT_THAT(points, Contains(std::pair(0.001 * 9'000, 9'000.0)));
  EXPECT_THAT(points, Contains(std::pair(0.001 * 9'001 + 1.0, 9'001.0)));
  // 1,897 cells of 20 s; two of them are 0.0211 s.
  EXPECT_GT(points.size(), 1'700u);
  EXPECT_THAT(figure.caption, HasSubstr("Stalls below 0.021 s may not show."));
  for (std::size_t i = 2; i + 1 < points.size(); ++i) {
    if (points[i].second != 9'001.0) {
      EXPECT_LT(points[i].first - points[i - 1].first, 0.0211);
    }
  }
}

TEST(TokenLines, ShowAFewOfEachEngineAndTheMedianOne) {
  const auto kinds = [](const Sample& study) {
    std::map<std::string, std::set<std::string>> found;
    const auto set = make(study);
    for (const auto& row :
         find(set, "tokens-chat").spec.at("concat").at(0).at("data").at("values")) {
      found[row.at("kind")].insert(row.at("request"));
    }
    return found;
  };
  auto found = kinds(sample({.engines = 1, .loads = 1}));
  EXPECT_EQ(found["slowest"].size(), 4u);
  EXPECT_EQ(found["median E2E"].size(), 1u);
  found = kinds(sample({.engines = 4, .loads = 1}));
  EXPECT_EQ(found["slowest"].size(), 2u);
}

TEST(TokenLines, WithoutATokenAreLeftOut) {
  auto study = sample({.engines = 1, .loads = 1});
  auto& detail = study.detail.begin()->second;
  detail.median_request.reset();
  for (auto& line : detail.slowest) line.arrivals.clear();
  EXPECT_THAT(make(study).left_out,
              Contains("Slowest requests, token by token: chat (SIMULATED): none of them had a "
                       "token."));
}

TEST(Timeline, NamesWhatIsMissingWithItsReason) {
  auto study = sample({.engines = 1, .loads = 1});
  study.detail.begin()->second.timeline.gpu_power_w = {{}, "no GPU: none found"};
  const auto set = make(study);
  EXPECT_THAT(find(set, "timeline-chat").caption,
              HasSubstr("Not shown: GPU power (no GPU: none found)."));
}

TEST(Timeline, NamesTheEngineThatLacksAPart) {
  auto study = sample({.engines = 2, .loads = 1});
  auto& timeline = study.detail.at(study.result.trials[1].id).timeline;
  timeline.vram_used_bytes = {{}, "another host"};
  const auto set = make(study);
  const auto& figure = find(set, "timeline-chat");
  EXPECT_THAT(figure.caption, HasSubstr("Not shown: VRAM in use of engine-2 (another host)."));
  std::set<std::string> titles;
  for (const auto& panel : figure.spec.at("concat")) titles.insert(panel.at("title").dump());
  EXPECT_THAT(titles, Contains(HasSubstr("Engine's host memory")));  // the one that engine-2 has
}

TEST(Timeline, IsGreyAfterTheLongestWindow) {
  auto study = sample({.engines = 2, .loads = 1});
  const auto grey = [&study] {
    const auto set = make(study);
    const auto& figure = find(set, "timeline-chat");
    const auto spans = figure.spec.at("concat").at(0).at("layer").at(0).at("data").at("values");
    double from = -1.0;
    for (const auto& span : spans) from = std::max(from, span.at("from").get<double>());
    return std::pair(from, figure.caption);
  };
  EXPECT_EQ(grey().first, 60.0);
  EXPECT_THAT(grey().second, Not(HasSubstr("The windows differ")));
  study.detail.at(study.result.trials[1].id).timeline.window_s = 30.0;
  EXPECT_EQ(grey().first, 60.0);
  EXPECT_THAT(grey().second, HasSubstr("The windows differ: 30.0 to 60.0 s; grey is after the"));
}

TEST(Timeline, WithoutTelemetryPlacesNone) {
  auto study = sample({.engines = 1, .loads = 1});
  EXPECT_THAT(find(make(study), "timeline-chat").caption, HasSubstr("is placed on the client's"));
  study.detail.begin()->second.timeline.telemetry_within_s = 0.0;
  EXPECT_THAT(find(make(study), "timeline-chat").caption, Not(HasSubstr("is placed")));
}

}  // namespace
}  // namespace tokamark::figures
