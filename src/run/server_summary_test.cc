#include "run/server_summary.h"

#include <gtest/gtest.h>

#include <limits>

namespace tokamark::run {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Answered at this second, half a second after it was asked.
Scrape scrape(int at_s, engine::CounterSnapshot counters) {
  Scrape scrape;
  scrape.answered = seconds(at_s);
  scrape.asked = scrape.answered - milliseconds(500);
  scrape.metrics.family = "vllm";
  scrape.metrics.counters = std::move(counters);
  return scrape;
}

Scrape failed(int at_s, const char* why) {
  Scrape failed = scrape(at_s, {});
  failed.metrics = {};
  failed.error = why;
  return failed;
}

constexpr Span kWindow{seconds(10), seconds(13)};

/// The window from 10 to 13 s has answers at 10, 11 and 13 s.
std::vector<Scrape> five() {
  return {scrape(6, {{"requests_running", 90}, {"preemptions_total", 0}}),
          scrape(10, {{"requests_running", 2},
                      {"requests_waiting", 0},
                      {"kv_cache_usage_ratio", 0.25},
                      {"preemptions_total", 3},
                      {"prefix_queries_total", 100},
                      {"prefix_hits_total", 10},
                      {"spec_drafts_total", 50},
                      {"spec_accepted_tokens_total", 60}}),
          scrape(11, {{"requests_running", 6}, {"kv_cache_usage_ratio", 0.75}}),
          scrape(13, {{"requests_running", 4},
                      {"requests_waiting", 3},
                      {"kv_cache_usage_ratio", 0.5},
                      {"preemptions_total", 8},
                      {"prefix_queries_total", 300},
                      {"prefix_hits_total", 60},
                      {"spec_drafts_total", 150},
                      {"spec_accepted_tokens_total", 240}}),
          scrape(14, {{"requests_running", 80}, {"preemptions_total", 99}})};
}

TEST(ServerSummary, TakesMomentsInsideTheWindowAndGrowthBetweenTheAnswersAtItsEdges) {
  const std::vector<Scrape> scrapes = five();
  const record::TrialServer server = summarise_server(scrapes, kWindow, seconds(4));
  EXPECT_DOUBLE_EQ(server.requests_running_mean.value(), 4);
  EXPECT_DOUBLE_EQ(server.requests_running_peak.value(), 6);
  EXPECT_DOUBLE_EQ(server.requests_waiting_mean.value(), 1.5);
  EXPECT_DOUBLE_EQ(server.requests_waiting_peak.value(), 3);
  EXPECT_DOUBLE_EQ(server.kv_cache_usage_mean_ratio.value(), 0.5);
  EXPECT_DOUBLE_EQ(server.kv_cache_usage_peak_ratio.value(), 0.75);
  EXPECT_DOUBLE_EQ(server.preemptions.value(), 5);
  EXPECT_DOUBLE_EQ(server.prefix_hit_share.value(), 0.25);           // 50 of 200
  EXPECT_DOUBLE_EQ(server.spec_acceptance_length.value(), 1 + 1.8);  // 180 of 100 drafts
  EXPECT_DOUBLE_EQ(server.from_s.value(), 6);
  EXPECT_DOUBLE_EQ(server.to_s.value(), 9);
  EXPECT_EQ(server.scrapes, 3);
  EXPECT_EQ(server.scrapes_failed, 0);
  EXPECT_DOUBLE_EQ(server.scrape_mean_ms.value(), 500);
  EXPECT_DOUBLE_EQ(server.scrape_gap_s.value(), 2);
  EXPECT_TRUE(server.scrape_error.empty());
  EXPECT_TRUE(server.reasons.empty());
}

TEST(ServerSummary, WhatThePageLacksIsEmptyAndSaysSo) {
  std::vector<Scrape> scrapes = five();
  for (Scrape& one : scrapes) {
    one.metrics.counters.erase("kv_cache_usage_ratio");
    one.metrics.counters.erase("preemptions_total");
  }
  const record::TrialServer server = summarise_server(scrapes, kWindow, seconds(4));
  EXPECT_FALSE(server.kv_cache_usage_peak_ratio || server.preemptions);
  for (const char* field :
       {"kv_cache_usage_mean_ratio", "kv_cache_usage_peak_ratio", "preemptions"}) {
    EXPECT_EQ(server.reasons.at(field), "the server's metrics page does not have it");
  }
  for (const char* field : {"n", "mean", "p50", "p99"}) {
    EXPECT_EQ(server.server_ttft_ms.reasons.at(field),
              "the server's metrics page does not have it");
  }
}

TEST(ServerSummary, AFailureIsCountedAndItsGapIsTold) {
  std::vector<Scrape> scrapes = five();
  scrapes[2] = failed(11, "did not answer within 5000 ms");
  const record::TrialServer server = summarise_server(scrapes, kWindow, seconds(4));
  EXPECT_EQ(server.scrapes, 3);
  EXPECT_EQ(server.scrapes_failed, 1);
  EXPECT_EQ(server.scrape_error, "did not answer within 5000 ms");
  EXPECT_DOUBLE_EQ(server.scrape_gap_s.value(), 3);
  EXPECT_DOUBLE_EQ(server.requests_running_mean.value(), 3) << "of two answers";
}

TEST(ServerSummary, AServerThatNeverAnsweredHasNoFigureAndOneReason) {
  const std::vector<Scrape> scrapes{failed(9, "HTTP 404"), failed(12, "HTTP 404")};
  const record::TrialServer server = summarise_server(scrapes, kWindow, seconds(4));
  EXPECT_FALSE(server.requests_running_mean || server.preemptions || server.from_s ||
               server.scrape_mean_ms || server.server_ttft_ms.n);
  EXPECT_EQ(server.reasons.at("requests_running_mean"), "HTTP 404");
  EXPECT_EQ(server.reasons.at("preemptions"), "HTTP 404");
  EXPECT_EQ(server.reasons.at("scrape_mean_ms"), "HTTP 404");
  EXPECT_EQ(server.server_ttft_ms.reasons.at("mean"), "HTTP 404");
  EXPECT_DOUBLE_EQ(server.scrape_gap_s.value(), 3);
}

TEST(ServerSummary, AnswersFarFromTheWindowsEdgesTellNoGrowth) {
  std::vector<Scrape> scrapes = five();
  const Span later{seconds(11), seconds(20)};  // the last answer comes 6 s before its end
  const record::TrialServer server = summarise_server(scrapes, later, seconds(4));
  EXPECT_FALSE(server.preemptions || server.from_s);
  EXPECT_EQ(server.reasons.at("preemptions"),
            "no two answers of the metrics page came near the window's edges");
  EXPECT_TRUE(server.requests_running_mean.has_value());
}

TEST(ServerSummary, ATotalThatFellIsNotAGrowth) {
  std::vector<Scrape> scrapes = five();
  scrapes[3].metrics.counters["preemptions_total"] = 1;
  const record::TrialServer server = summarise_server(scrapes, kWindow, seconds(4));
  EXPECT_FALSE(server.preemptions.has_value());
  EXPECT_EQ(server.reasons.at("preemptions"),
            "it fell between two answers, as when the server starts again");
}

TEST(ServerSummary, WithoutDraftsThereIsNoAcceptanceLength) {
  std::vector<Scrape> scrapes = five();
  scrapes[3].metrics.counters["spec_drafts_total"] = 50;
  EXPECT_FALSE(summarise_server(scrapes, kWindow, seconds(4)).spec_acceptance_length.has_value());
  // A server that tells the length itself: 0 stands for "off" there.
  for (Scrape& one : scrapes) one.metrics.counters.erase("spec_drafts_total");
  scrapes[1].metrics.counters["spec_acceptance_length"] = 0;
  scrapes[2].metrics.counters["spec_acceptance_length"] = 2.5;
  scrapes[3].metrics.counters["spec_acceptance_length"] = 3.5;
  EXPECT_DOUBLE_EQ(summarise_server(scrapes, kWindow, seconds(4)).spec_acceptance_length.value(),
                   3);
}

// Before the window 10 observations of 1 s in all; in it 1,000 more: 500 up to 0.1 s, 490 from
// there to 0.2 s, 10 above. The median is the last one up to 0.1 s, p99 the last one up to 0.2 s.
TEST(ServerSummary, LatenciesAreThoseOfTheGrowthAlone) {
  std::vector<Scrape> scrapes = five();
  scrapes[1].metrics.histograms["ttft"] = {{{0.1, 4}, {0.2, 8}, {kInfinity, 10}}, 1.0, 10};
  scrapes[3].metrics.histograms["ttft"] = {
      {{0.1, 504}, {0.2, 998}, {kInfinity, 1010}}, 121.0, 1010};
  record::HistogramSummary ttft = summarise_server(scrapes, kWindow, seconds(4)).server_ttft_ms;
  EXPECT_EQ(ttft.n, 1000);
  EXPECT_DOUBLE_EQ(ttft.mean.value(), 120);
  EXPECT_DOUBLE_EQ(ttft.p50.value(), 100);
  EXPECT_DOUBLE_EQ(ttft.p99.value(), 200);
  EXPECT_EQ(ttft.p50_bucket, (std::array{0.0, 100.0}));
  EXPECT_EQ(ttft.p99_bucket, (std::array{100.0, 200.0}));
  EXPECT_TRUE(ttft.reasons.empty());

  // One more above the last finite bound, and p99 lies there.
  scrapes[3].metrics.histograms["ttft"] = {
      {{0.1, 504}, {0.2, 997}, {kInfinity, 1010}}, 121.0, 1010};
  ttft = summarise_server(scrapes, kWindow, seconds(4)).server_ttft_ms;
  EXPECT_FALSE(ttft.p99.has_value());
  EXPECT_EQ(ttft.reasons.at("p99"), "above the last bucket of the server's histogram");
}

TEST(ServerSummary, FewObservationsGiveAMeanAndNoPercentile) {
  std::vector<Scrape> scrapes = five();
  scrapes[1].metrics.histograms["itl"] = {{{0.1, 0}, {kInfinity, 0}}, 0.0, 0};
  scrapes[3].metrics.histograms["itl"] = {{{0.1, 2}, {kInfinity, 2}}, 0.1, 2};
  const record::TrialServer server = summarise_server(scrapes, kWindow, seconds(4));
  EXPECT_EQ(server.server_itl_ms.n, 2);
  EXPECT_DOUBLE_EQ(server.server_itl_ms.mean.value(), 50);
  EXPECT_EQ(server.server_itl_ms.reasons.at("p50"), "needs 20 samples, has 2");
  EXPECT_EQ(server.server_itl_ms.reasons.at("p99"), "needs 1000 samples, has 2");
}

}  // namespace
}  // namespace tokamark::run
