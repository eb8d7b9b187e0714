#include "analysis/metrics.h"

#include <gtest/gtest.h>

#include <cmath>

namespace tokamark::analysis {
namespace {

using record::Phase;
using record::RequestError;
using record::RequestRecord;
using record::RequestStatus;
using std::chrono::milliseconds;

/// A request due at `due_ms`, sent 2 ms later, first token 100 ms after the due time, then one
/// token every 10 ms.
RequestRecord request(int due_ms, int tokens) {
  RequestRecord r;
  r.phase = Phase::measured;
  r.status = RequestStatus::succeeded;
  r.scheduled = milliseconds(due_ms);
  r.sent = milliseconds(due_ms + 2);
  r.first_token = milliseconds(due_ms + 100);
  r.output_tokens = tokens;
  r.requested_output_tokens = static_cast<std::uint32_t>(tokens);
  for (int i = 0; i < tokens; ++i) {
    r.chunks.push_back({milliseconds(due_ms + 100 + 10 * i), std::chrono::microseconds(20), 1,
                        record::kKernelStamp});
  }
  r.last_token = r.chunks.unpacked().back().time;
  return r;
}

RequestRecord failed(int due_ms) {
  RequestRecord r;
  r.phase = Phase::measured;
  r.status = RequestStatus::failed;
  r.error = RequestError::http_status;
  r.scheduled = milliseconds(due_ms);
  r.sent = milliseconds(due_ms);
  return r;
}

TrialFacts facts(int start_ms, int end_ms) {
  TrialFacts f;
  f.window_start = milliseconds(start_ms);
  f.window_end = milliseconds(end_ms);
  return f;
}

TEST(Metrics, FollowTheirFormulasOnOneRequest) {
  const RequestRecord r = request(1000, 11);  // tokens at 1100, 1110, ... 1200
  EXPECT_DOUBLE_EQ(ttft_ms(r), 100.0);        // from the schedule
  EXPECT_DOUBLE_EQ(ttft_wire_ms(r), 98.0);    // from the send
  EXPECT_DOUBLE_EQ(e2e_ms(r), 200.0);
  EXPECT_DOUBLE_EQ(tpot_ms(r).value(), 10.0);  // (1200 - 1100) / (11 - 1)
}

TEST(Metrics, AnAnswerOfOneTokenHasNoTpot) { EXPECT_FALSE(tpot_ms(request(0, 1)).has_value()); }

TEST(Metrics, ThroughputCountsTokensThatArriveInTheWindowWhoeverAskedForThem) {
  RequestRecord warm = request(900, 11);  // tokens at 1000, 1010, ..., 1100
  warm.phase = Phase::warmup;
  const std::vector<RequestRecord> records{warm, request(1900, 11)};  // tokens from 2000 on
  // Window [1050, 2050): 6 tokens of the first (1050 ... 1100), 5 of the second (2000 ... 2040).
  const auto metrics = compute_metrics(facts(1050, 2050), records);
  EXPECT_DOUBLE_EQ(metrics.output_tokens_per_s.value(), 11.0);
  // Only the first ended inside.
  EXPECT_DOUBLE_EQ(metrics.requests_per_s.value(), 1.0);
}

TEST(Metrics, AFailedRequestStaysInEveryDenominator) {
  std::vector<RequestRecord> records;
  for (int i = 0; i < 19; ++i) records.push_back(request(1000 + i, 11));
  records.push_back(failed(1500));
  const auto metrics = compute_metrics(facts(1000, 2000), records);
  EXPECT_EQ(metrics.ttft_ms.n, 20);
  EXPECT_DOUBLE_EQ(metrics.ttft_ms.p50.value(), 100.0);
  EXPECT_FALSE(metrics.ttft_ms.mean.has_value());
  EXPECT_EQ(metrics.ttft_ms.reasons.at("mean"), "1 of 20 failed");
  EXPECT_FALSE(metrics.ttft_ms.max.has_value());
  EXPECT_EQ(metrics.tpot_ms.n, 20);
}

TEST(Metrics, APercentileThatFallsOnFailuresIsRefused) {
  std::vector<RequestRecord> records;
  for (int i = 0; i < 80; ++i) records.push_back(request(1000 + i, 11));
  for (int i = 0; i < 20; ++i) records.push_back(failed(1500));
  const auto metrics = compute_metrics(facts(1000, 2000), records);
  EXPECT_TRUE(metrics.ttft_ms.p50.has_value());
  EXPECT_FALSE(metrics.ttft_ms.p90.has_value());  // rank 90 of 100 is a failure
  EXPECT_EQ(metrics.ttft_ms.reasons.at("p90"), "falls on failed requests");
}

TEST(Metrics, RefusesAPercentileBelowItsSampleFloor) {
  std::vector<RequestRecord> records;
  for (int i = 0; i < 199; ++i) records.push_back(request(1000 + i, 11));
  const auto metrics = compute_metrics(facts(1000, 2000), records);
  EXPECT_TRUE(metrics.ttft_ms.p90.has_value());
  EXPECT_FALSE(metrics.ttft_ms.p95.has_value());
  EXPECT_EQ(metrics.ttft_ms.reasons.at("p95"), "needs 200 samples, has 199");
}

TEST(Metrics, WarmUpTailAndCutOffRequestsAreNoLatencies) {
  RequestRecord warm = request(0, 5), tail = request(5000, 5), cut = request(1500, 5);
  warm.phase = Phase::warmup;
  tail.phase = Phase::tail;
  cut.status = RequestStatus::cut_off;
  const auto metrics = compute_metrics(facts(1000, 2000), std::vector{warm, tail, cut});
  EXPECT_EQ(metrics.ttft_ms.n, 0);
  EXPECT_EQ(metrics.ttft_ms.reasons.at("p50"), "no request was scheduled in the window");
}

// Four tokens every 40 ms are a token every 10 ms, however they are bundled (methodology M6).
TEST(Metrics, ItlIsPerTokenWhenChunksAreCounted) {
  std::vector<RequestRecord> records;
  for (int i = 0; i < 10; ++i) {
    RequestRecord r = request(1000, 1);
    r.chunks.clear();
    for (int c = 0; c < 5; ++c) r.chunks.push_back({milliseconds(1100 + 40 * c), {}, 4, 0});
    r.output_tokens = 20;
    r.last_token = r.chunks.unpacked().back().time;
    records.push_back(r);
  }
  const auto metrics = compute_metrics(facts(1000, 2000), records);
  EXPECT_EQ(metrics.itl_ms.n, 160);  // four gaps of four tokens, ten times
  EXPECT_DOUBLE_EQ(metrics.itl_ms.p50.value(), 10.0);
}

TEST(Metrics, ItlIsRefusedWhenChunksHoldSeveralUncountedTokens) {
  std::vector<RequestRecord> records;
  for (int i = 0; i < 30; ++i) {
    RequestRecord r = request(1000, 10);
    r.chunks.forget_tokens();
    r.output_tokens = 40;
    records.push_back(r);
  }
  const auto metrics = compute_metrics(facts(1000, 2000), records);
  EXPECT_FALSE(metrics.itl_ms.p50.has_value());
  EXPECT_NE(metrics.itl_ms.reasons.at("p50").find("4.00 tokens a chunk"), std::string::npos);
  // Throughput shares the server's count among the chunks: 30 x 40 tokens in one second.
  EXPECT_DOUBLE_EQ(metrics.output_tokens_per_s.value(), 1200.0);
}

TEST(Metrics, OneTokenMoreThanChunksIsStillAPacePerToken) {
  std::vector<RequestRecord> records;
  for (int i = 0; i < 30; ++i) {
    RequestRecord r = request(1000, 20);
    r.chunks.forget_tokens();
    r.output_tokens = 21;  // an end-of-sequence token without text
    records.push_back(r);
  }
  EXPECT_DOUBLE_EQ(compute_metrics(facts(1000, 2000), records).itl_ms.p50.value(), 10.0);
}

TEST(Metrics, GoodputCountsRequestsThatMeetEveryLimit) {
  TrialFacts f = facts(1000, 3000);
  f.slo.ttft_ms = 100.0;
  f.slo.tpot_ms = 9.0;
  const std::vector<RequestRecord> records{request(1000, 11), request(1500, 1), failed(1600)};
  // The first misses the pace, the second has none to miss, the third failed: one in two seconds.
  EXPECT_DOUBLE_EQ(compute_metrics(f, records).goodput_requests_per_s.value(), 0.5);
  EXPECT_FALSE(compute_metrics(facts(1000, 3000), records).goodput_requests_per_s.has_value());
}

TEST(Counts, AreOfTheMeasuredRequests) {
  RequestRecord warm = request(0, 5);
  warm.phase = Phase::warmup;
  RequestRecord timed_out = failed(1200);
  timed_out.status = RequestStatus::timed_out;
  RequestRecord never_sent = failed(1300);
  never_sent.sent = base::Nanos(-1);
  const auto counts = compute_counts(std::vector{warm, request(1000, 7), timed_out, never_sent});
  EXPECT_EQ(counts.scheduled, 3);
  EXPECT_EQ(counts.sent, 2);
  EXPECT_EQ(counts.succeeded, 1);
  EXPECT_EQ(counts.failed, 1);
  EXPECT_EQ(counts.timed_out, 1);
  EXPECT_EQ(counts.output_tokens, 7);
}

TEST(Client, ReportsLatenessDelayAndShares) {
  RequestRecord late = request(1000, 10);
  late.sent = milliseconds(1006);
  auto chunks = late.chunks.unpacked();
  chunks[3].flags = record::kSharedRead;
  late.chunks = record::ChunkList(chunks);
  TrialFacts f = facts(1000, 3000);
  f.client_window_cpu_s = 0.5;
  const auto client = compute_client(f, std::vector{late, request(1100, 10)});
  EXPECT_DOUBLE_EQ(client.lateness_ms.p50.value(), 2.0);
  EXPECT_DOUBLE_EQ(client.lateness_ms.max.value(), 6.0);
  EXPECT_DOUBLE_EQ(client.late_share.value(), 0.5);
  EXPECT_DOUBLE_EQ(client.shared_read_share.value(), 0.05);
  EXPECT_DOUBLE_EQ(client.kernel_stamp_share.value(), 0.95);
  EXPECT_DOUBLE_EQ(client.receive_delay_ms.p99.value(), 0.02);
  EXPECT_DOUBLE_EQ(client.cpu_share, 0.25);
}

TEST(Client, SetsTheRunDelayAgainstTheWindow) {
  TrialFacts f = facts(1000, 3000);
  f.client_run_delay_s = 0.1;
  f.client_context_switches_voluntary = 40;
  f.client_context_switches_involuntary = 2;
  f.scheduling = "normal";
  f.pinning = "too_few_cores";
  f.receive = "io_uring";
  const auto client = compute_client(f, {});
  EXPECT_DOUBLE_EQ(client.run_delay_share.value(), 0.05);
  EXPECT_EQ(client.context_switches_involuntary, 2);
  EXPECT_EQ(client.pinning, "too_few_cores");
  EXPECT_EQ(client.receive, "io_uring");
  EXPECT_TRUE(client.reasons.empty());
}

TEST(Client, SaysWhyTheRunDelayIsMissing) {
  TrialFacts f = facts(1000, 3000);
  EXPECT_NE(compute_client(f, {}).reasons.at("run_delay_s").find("version"), std::string::npos);
  f.client_context_switches_voluntary = f.client_context_switches_involuntary = 1;
  const auto client = compute_client(f, {});
  EXPECT_NE(client.reasons.at("run_delay_share").find("schedstat"), std::string::npos);
  EXPECT_EQ(client.reasons.count("context_switches_voluntary"), 0U);
}

}  // namespace
}  // namespace tokamark::analysis
