#include "run/trial_telemetry.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

namespace tokamark::run {
namespace {

using std::chrono::seconds;

constexpr LoadEdges kEdges{seconds(5), seconds(10), seconds(20)};

TEST(TrialTelemetry, AMomentOfTheLoadHasItsPhase) {
  EXPECT_EQ(load_phase(kEdges, seconds(4)), "loaded");
  EXPECT_EQ(load_phase(kEdges, seconds(5)), "warmup");
  EXPECT_EQ(load_phase(kEdges, seconds(10)), "window");
  EXPECT_EQ(load_phase(kEdges, seconds(20)), "tail");
}

TEST(TrialTelemetry, AWindowThatDidNotOpenIsNoPhase) {
  EXPECT_EQ(load_phase({seconds(5), seconds(-1), seconds(-1)}, seconds(30)), "warmup");
}

TEST(TrialTelemetry, AnAnswerIsALineWithNullForWhatThePageLacks) {
  Scrape scrape;
  scrape.asked = seconds(11);
  scrape.answered = seconds(12);
  scrape.metrics.family = "vllm";
  scrape.metrics.counters["requests_running"] = 3;
  scrape.metrics.histograms["ttft"] = {
      {{0.5, 1}, {std::numeric_limits<double>::infinity(), 2}}, 1.5, 2};
  const auto lines = server_lines(std::vector{scrape}, kEdges);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0].at, seconds(12));
  const auto json = nlohmann::json::parse(lines[0].json);
  EXPECT_EQ(json["kind"], "server");
  EXPECT_EQ(json["at_s"], 12.0);
  EXPECT_EQ(json["asked_s"], 11.0);
  EXPECT_EQ(json["phase"], "window");
  EXPECT_EQ(json["family"], "vllm");
  EXPECT_TRUE(json["error"].is_null());
  EXPECT_EQ(json["counters"]["requests_running"], 3.0);
  EXPECT_TRUE(json["counters"]["preemptions_total"].is_null());
  EXPECT_EQ(json["counters"].size(), 13U);
  EXPECT_EQ(json["histograms"]["ttft"],
            nlohmann::json::parse(R"({"count":2,"sum_s":1.5,"buckets":[[0.5,1],["+Inf",2]]})"));
  EXPECT_TRUE(json["histograms"]["itl"].is_null());
}

TEST(TrialTelemetry, AFailureIsALineThatSaysWhy) {
  Scrape scrape;
  scrape.answered = seconds(6);
  scrape.error = "did not answer \xff";
  const auto json = nlohmann::json::parse(server_lines(std::vector{scrape}, kEdges)[0].json);
  EXPECT_EQ(json["error"], "did not answer \xEF\xBF\xBD");
  EXPECT_TRUE(json["counters"].is_null());
  EXPECT_TRUE(json["histograms"].is_null());
  EXPECT_TRUE(json["family"].is_null());
}

}  // namespace
}  // namespace tokamark::run
