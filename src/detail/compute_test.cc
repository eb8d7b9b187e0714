#include "detail/compute.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

namespace tokamark::detail {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

/// A window from 10 s to 20 s after the trial's start.
analysis::TrialFacts facts() {
  analysis::TrialFacts facts;
  facts.window_start = std::chrono::seconds(10);
  facts.window_end = std::chrono::seconds(20);
  facts.slo.ttft_ms = 100.0;
  return facts;
}

/// Due at `scheduled_ms`, first token `ttft_ms` later, then a token each 10 ms.
record::RequestRecord request(int scheduled_ms, int ttft_ms, int tokens = 4) {
  record::RequestRecord record;
  record.phase = record::Phase::measured;
  record.status = record::RequestStatus::succeeded;
  record.scheduled = record.sent = milliseconds(scheduled_ms);
  record.first_token = milliseconds(scheduled_ms + ttft_ms);
  for (int i = 0; i < tokens; ++i) {
    record.chunks.push_back({record.first_token + milliseconds(10 * i), base::Nanos(0), 1, 0});
  }
  record.last_token = record.ended = record.first_token + milliseconds(10 * (tokens - 1));
  record.output_tokens = tokens;
  return record;
}

/// A hundred requests with TTFT 1, 2, ..., 100 ms.
std::vector<record::RequestRecord> hundred() {
  std::vector<record::RequestRecord> records;
  for (int i = 1; i <= 100; ++i) records.push_back(request(10'000 + 90 * i, i));
  for (std::size_t i = 0; i < records.size(); ++i) records[i].sequence = i;
  return records;
}

TEST(Distribution, HoldsNearestRanksUpToTenSamplesFromTheEnd) {
  const auto records = hundred();
  const auto trial = compute(facts(), records, "");
  // p90 has ten of a hundred beyond it: it is step 12 and the last.
  ASSERT_EQ(trial.ttft.quantiles_ms.size(), 13U);
  EXPECT_EQ(trial.ttft.quantiles_ms.front(), 1.0);
  EXPECT_EQ(trial.ttft.quantiles_ms.back(), 90.0);
  EXPECT_EQ(trial.ttft.n, 100);
}

TEST(Distribution, AFailedRequestIsInfinitelySlow) {
  auto records = hundred();
  for (std::size_t i = 0; i < 60; ++i) records[i].status = record::RequestStatus::failed;
  const auto trial = compute(facts(), records, "");
  EXPECT_TRUE(std::isinf(trial.ttft.quantiles_ms.back()));
  EXPECT_EQ(trial.ttft.quantiles_ms.front(), 61.0);
}

TEST(Distribution, FewSamplesGiveAReason) {
  const std::vector<record::RequestRecord> records{request(10'000, 5)};
  const auto trial = compute(facts(), records, "");
  EXPECT_TRUE(trial.ttft.quantiles_ms.empty());
  EXPECT_EQ(trial.ttft.reason, "needs 20 samples, has 1");
}

TEST(Gaps, AreCountedByDecade) {
  const std::vector<record::RequestRecord> records{request(10'000, 5)};  // three gaps of 10 ms
  const auto trial = compute(facts(), records, "");
  // log10(10 / 0.01) = 3 decades of ten bins.
  EXPECT_EQ(trial.gap_counts[30], 3);
  EXPECT_EQ(std::accumulate(trial.gap_counts.begin(), trial.gap_counts.end(), std::int64_t{0}), 3);
}

TEST(Goodput, FollowsTheScaleOfTheLimits) {
  const auto records = hundred();
  const auto trial = compute(facts(), records, "");
  ASSERT_EQ(trial.goodput_at.size(), kStrictness.size());
  EXPECT_DOUBLE_EQ(trial.goodput_at[0], 5.0);   // 50 of 100 have at most 50 ms, in 10 s
  EXPECT_DOUBLE_EQ(trial.goodput_at[5], 10.0);  // the limit itself
  EXPECT_DOUBLE_EQ(*trial.sent_per_s, 10.0);
}

TEST(PromptLengths, OfOneLengthMakeNoBins) {
  auto records = hundred();
  for (auto& record : records) record.input_tokens = 7;
  EXPECT_EQ(compute(facts(), records, "").ttft_by_prompt_reason,
            "all prompts have the same length");
  for (std::size_t i = 0; i < 50; ++i) records[i].input_tokens = 3;
  const auto bins = compute(facts(), records, "").ttft_by_prompt;
  ASSERT_EQ(bins.size(), 2U);
  EXPECT_EQ(bins[0].n, 50);
  EXPECT_EQ(bins[0].p50_ms, 25.0);
  EXPECT_EQ(bins[1].from_tokens, 7);
  EXPECT_EQ(bins[1].p50_ms, 75.0);
}

TEST(PromptLengths, SayWhyThereIsNone) {
  auto records = hundred();
  EXPECT_EQ(compute(facts(), records, "").ttft_by_prompt_reason,
            "the server does not count prompt tokens");
  for (auto& record : records) record.status = record::RequestStatus::failed;
  EXPECT_EQ(compute(facts(), records, "").ttft_by_prompt_reason, "no measured request succeeded");
  for (auto& record : records) record.phase = record::Phase::warmup;
  EXPECT_EQ(compute(facts(), records, "").ttft_by_prompt_reason,
            "no request was scheduled in the window");
}

TEST(Timeline, CountsRequestsInFlightAndTokens) {
  // In flight from 12 s to 13 s of the trial; its two tokens arrive at the end of it.
  auto record = request(12'000, 990, 2);
  const std::vector<record::RequestRecord> records{record};
  const auto timeline = compute(facts(), records, "").timeline;
  EXPECT_DOUBLE_EQ(timeline.from_s, -10.0);
  EXPECT_DOUBLE_EQ(timeline.window_s, 10.0);
  EXPECT_DOUBLE_EQ(timeline.step_s, 20.0 / kTimeBins);
  double seconds = 0.0, tokens = 0.0;
  for (std::size_t i = 0; i < kTimeBins; ++i) {
    seconds += *timeline.in_flight.values[i] * timeline.step_s;
    tokens += *timeline.output_tokens_per_s.values[i] * timeline.step_s;
  }
  EXPECT_NEAR(seconds, 1.0, 1e-9);
  EXPECT_NEAR(tokens, 2.0, 1e-9);
  // 12.5 s is two and a half seconds after the window's opening: bin (2.5 + 10) / step.
  EXPECT_DOUBLE_EQ(*timeline.in_flight.values[150], 1.0);
  EXPECT_DOUBLE_EQ(*timeline.in_flight.values[100], 0.0);
}

constexpr const char* kTelemetry =
    R"({"kind":"header","gpu_reason":"no GPU: none","process_reason":null}
{"kind":"machine","at_s":2.9,"phase":"loaded","rss_bytes":5}
{"kind":"machine","at_s":3.1,"phase":"warmup","rss_bytes":5}
{"kind":"machine","at_s":12.9,"phase":"warmup","rss_bytes":5}
{"kind":"server","at_s":13.0,"phase":"window","counters":{"requests_running":3,"requests_waiting":null}}
{"kind":"machine","at_s":13.2,"phase":"window","rss_bytes":7}
{"kind":"machine","at_s":23.1,"phase":"tail","rss_bytes":7}
)";

TEST(Timeline, PlacesTheTelemetryByItsPhases) {
  const auto records = hundred();
  const auto timeline = compute(facts(), records, kTelemetry).timeline;
  // The start lies after 2.9 s ("loaded"), after 12.9 - 10, and at or before 13.0 - 10: 2.95 +-
  // 0.05.
  EXPECT_NEAR(timeline.telemetry_within_s, 0.05, 1e-9);
  ASSERT_EQ(timeline.requests_running.values.size(), kTimeBins);
  // 13.0 - 2.95 - 10 = 0.05 s after the window's opening: bin (0.05 + 10) / (20 / 240).
  EXPECT_EQ(timeline.requests_running.values[120], 3.0);
  EXPECT_FALSE(timeline.requests_running.values[119].has_value());
  EXPECT_EQ(timeline.requests_waiting.reason, "the server's metrics page does not have it");
  EXPECT_EQ(timeline.gpu_power_w.reason, "no GPU: none");
  EXPECT_FALSE(timeline.rss_bytes.values.empty());
}

TEST(Timeline, OfAnEngineOnTheCpuHasNoneOfTheMachinesGpus) {
  auto of_trial = facts();
  of_trial.resources.reasons["vram_peak_bytes"] = "the engine was told to compute on the CPU";
  std::string telemetry = kTelemetry;
  const std::string word = "\"rss_bytes\"";
  for (auto at = telemetry.find(word); at != std::string::npos;) {
    const std::string more = R"("vram_used_bytes":[5],"gpu_power_w":[9],)";
    telemetry.insert(at, more);
    at = telemetry.find(word, at + more.size() + word.size());
  }
  const auto with = compute(facts(), hundred(), telemetry).timeline;
  ASSERT_FALSE(with.gpu_power_w.values.empty() || with.vram_used_bytes.values.empty());
  const auto timeline = compute(of_trial, hundred(), telemetry).timeline;
  EXPECT_FALSE(timeline.rss_bytes.values.empty());
  EXPECT_TRUE(timeline.vram_used_bytes.values.empty() && timeline.gpu_power_w.values.empty());
  EXPECT_EQ(timeline.gpu_power_w.reason, "the engine was told to compute on the CPU");
}

TEST(Timeline, PrefixHitsAreWhatTheCountersGained) {
  std::string telemetry = kTelemetry;
  const auto read = [&telemetry](double at_s, int queries, int hits) {
    telemetry += fmt::format(R"({{"kind":"server","at_s":{},"phase":"window","counters":)"
                             R"({{"prefix_queries_total":{},"prefix_hits_total":{}}}}})"
                             "\n",
                             at_s, queries, hits);
  };
  read(14.0, 1000, 500);  // the first tells no gain
  read(15.0, 1100, 525);  // 25 of 100 tokens, 2.05 s after the window's opening
  read(16.0, 1100, 525);  // no prompt since
  read(17.0, 50, 50);     // began again
  const auto records = hundred();
  const auto& ratio = compute(facts(), records, telemetry).timeline.prefix_hit_ratio;
  ASSERT_EQ(ratio.values.size(), kTimeBins);
  std::size_t seen = 0;
  for (const auto& value : ratio.values) seen += value ? 1 : 0;
  EXPECT_EQ(seen, 1U);
  EXPECT_EQ(ratio.values[144], 0.25);  // (2.05 + 10) / (20 / 240)
}

TEST(Timeline, ATelemetryThatCannotBeReadCostsItsSeriesAlone) {
  const auto records = hundred();
  for (const char* text : {"", "not json\n{", "{\"kind\":\"machine\"}\n[]\n7\n"}) {
    const auto timeline = compute(facts(), records, text).timeline;
    EXPECT_FALSE(timeline.in_flight.values.empty());
    EXPECT_THAT(timeline.requests_running.reason, HasSubstr("telemetry"));
  }
}

TEST(Requests, AreTheFirstFromTheMiddleOfTheWindowOn) {
  auto records = hundred();
  std::swap(records[60], records[90]);  // any order
  const auto rows = compute(facts(), records, "").requests;
  ASSERT_EQ(rows.size(), 40U);
  EXPECT_EQ(rows[0].sequence, 55U);  // due 10,000 + 90 * 56 = 15,040 ms
  EXPECT_NEAR(rows[0].scheduled_s, 5.04, 1e-9);
  EXPECT_NEAR(*rows[0].first_token_s, 5.04 + 0.056, 1e-9);
}

TEST(Requests, AStallIsALongGapAgainstTheMedianOne) {
  auto record = request(16'000, 5, 6);
  record.chunks.push_back({record.last_token + milliseconds(60), base::Nanos(0), 1, 0});
  record.chunks.push_back(
      {record.last_token + milliseconds(100), base::Nanos(0), 1, 0});  // 40 ms: not
  const std::vector<record::RequestRecord> records{record};
  const auto rows = compute(facts(), records, "").requests;
  ASSERT_EQ(rows.at(0).stalls.size(), 1U);
  EXPECT_NEAR(rows[0].stalls[0].to_s - rows[0].stalls[0].from_s, 0.060, 1e-9);
}

TEST(Slowest, AreTheLongestHoweverTheyEnded) {
  auto records = hundred();  // E2E: TTFT 1, ..., 100 ms and three gaps of 10 ms
  records[98].phase = record::Phase::warmup;
  records[97].status = record::RequestStatus::cut_off;
  records[10].status = record::RequestStatus::timed_out;
  records[10].error = record::RequestError::total_timeout;
  records[10].ended = records[10].scheduled + milliseconds(500);
  records[20].status = record::RequestStatus::failed;  // at once: not slow
  const auto trial = compute(facts(), records, "");
  std::vector<std::uint64_t> slowest;
  for (const auto& line : trial.slowest) slowest.push_back(line.sequence);
  EXPECT_THAT(slowest, testing::ElementsAre(10U, 99U, 96U, 95U));
  EXPECT_DOUBLE_EQ(trial.slowest[0].ended_after_due_s, 0.5);
  EXPECT_EQ(trial.slowest[0].error, record::RequestError::total_timeout);
  EXPECT_DOUBLE_EQ(trial.slowest[1].ended_after_due_s, 0.130);
  // 96 succeeded and were measured, TTFT 1 to 97 and 100 ms without 11 and 21: the 48th is 50 ms.
  ASSERT_TRUE(trial.median_request.has_value());
  EXPECT_EQ(trial.median_request->sequence, 49U);
}

TEST(Slowest, HaveEveryChunkWithTheTokensItStandsFor) {
  auto record = request(16'000, 5);
  record.sent = record.scheduled + milliseconds(2);
  record.chunks.push_back({record.last_token + milliseconds(60), base::Nanos(0), 3, 0});
  auto uncounted = request(17'000, 200);
  uncounted.sequence = 1;
  uncounted.chunks.forget_tokens();
  uncounted.output_tokens = 10;
  const std::vector<record::RequestRecord> records{record, uncounted};
  const auto trial = compute(facts(), records, "");
  EXPECT_FALSE(trial.median_request.has_value());  // of two
  ASSERT_EQ(trial.slowest.size(), 2U);
  EXPECT_DOUBLE_EQ(trial.slowest[0].arrivals.at(0).tokens, 2.5);  // 10 tokens in 4 chunks
  EXPECT_DOUBLE_EQ(trial.slowest[0].arrivals.at(3).tokens, 10.0);
  const auto& line = trial.slowest[1];
  ASSERT_EQ(line.arrivals.size(), 5U);
  EXPECT_DOUBLE_EQ(line.arrivals[0].after_due_s, 0.005);
  EXPECT_DOUBLE_EQ(line.arrivals[3].tokens, 4.0);
  EXPECT_DOUBLE_EQ(line.arrivals[4].after_due_s, 0.095);
  EXPECT_DOUBLE_EQ(line.arrivals[4].tokens, 7.0);
}

TEST(ErrorSeries, CountsKindsAndShortAnswersOfExactLength) {
  auto records = hundred();
  records[0].status = record::RequestStatus::failed;
  records[0].error = record::RequestError::http_status;
  records[1].status = record::RequestStatus::cut_off;
  for (auto& record : records) record.requested_output_tokens = 4;
  records[2].requested_output_tokens = 9;
  auto of_trial = facts();
  const auto errors = compute(of_trial, records, "").errors;
  ASSERT_EQ(errors.size(), 2U);
  EXPECT_EQ(errors[0].kind, "cut_short");
  EXPECT_EQ(errors[1].kind, "http_status");
  // 10.09 s of 20 s: the 13th of 24 bins.
  EXPECT_EQ(errors[1].counts[12], 1);
  of_trial.output_length = analysis::OutputLength::natural;
  EXPECT_EQ(compute(of_trial, records, "").errors.size(), 1U);
}

TEST(ErrorSeries, OfATrialWhoseWindowNeverOpenedCountsItsErrorsToo) {
  // The engine died in the warm-up: the trial is as long as its last request.
  std::vector<record::RequestRecord> records{request(0, 10), request(1000, 20)};
  records[1].status = record::RequestStatus::failed;
  records[1].error = record::RequestError::connection_closed;
  records[1].ended = milliseconds(2000);
  records.push_back(records[1]);
  records[2].ended = milliseconds(4800);
  const auto errors = compute({}, records, "").errors;
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(errors[0].kind, "connection_closed");
  EXPECT_EQ(errors[0].counts[10], 1);  // 2 s of 4.8 s, in bins of 0.2 s
  EXPECT_EQ(errors[0].counts[23], 1);
}

TEST(Compute, OfATrialWithoutAWindowHasNoTimeline) {
  const auto records = hundred();
  const auto trial = compute({}, records, kTelemetry);
  EXPECT_EQ(trial.timeline.step_s, 0.0);
  EXPECT_TRUE(trial.requests.empty());
  EXPECT_TRUE(trial.goodput_at.empty());
  EXPECT_FALSE(trial.ttft.quantiles_ms.empty());
}

}  // namespace
}  // namespace tokamark::detail
