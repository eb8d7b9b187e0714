#include "analysis/verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tokamark::analysis {
namespace {

using record::Phase;
using record::RequestRecord;
using record::RequestStatus;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;

/// A clean measured request of 40 tokens: due, sent 0.1 ms later, first token at 100 ms, then one
/// every 10 ms.
RequestRecord clean(int due_ms) {
  RequestRecord r;
  r.phase = Phase::measured;
  r.status = RequestStatus::succeeded;
  r.scheduled = milliseconds(due_ms);
  r.sent = r.scheduled + microseconds(100);
  r.first_token = r.scheduled + milliseconds(100);
  r.last_token = r.first_token + milliseconds(390);
  r.output_tokens = 40;
  r.requested_output_tokens = 40;
  r.chunks.push_back({r.first_token, {}, 1, 0});
  r.chunks.push_back({r.last_token, {}, 39, 0});
  return r;
}

class Verdicts : public testing::Test {
 protected:
  void SetUp() override {
    facts.window_start = milliseconds(0);
    facts.window_end = milliseconds(10'000);
    facts.least_requests = 100;
    for (int i = 0; i < 1000; ++i) records.push_back(clean(10 * i));
  }
  std::vector<std::string> codes() {
    std::vector<std::string> names;
    for (const auto& code : analyse(facts, records).codes) names.push_back(code.code);
    return names;
  }
  TrialFacts facts;
  std::vector<RequestRecord> records;
};

TEST_F(Verdicts, ACleanTrialIsValid) {
  EXPECT_THAT(codes(), IsEmpty());
  EXPECT_EQ(analyse(facts, records).verdict, record::Verdict::valid);
}

// The median TTFT is 100 ms, so that 2 % are 2 ms; TPOT is 10 ms, 2 % are 0.2 ms.
TEST_F(Verdicts, AnInstrumentWithAnErrorThatCountsIsFound) {
  facts.calibration["before"] = {{"ttft_error_ms", {{"p99", 2.1}}}};
  EXPECT_THAT(codes(), ElementsAre("client_inaccurate"));
  facts.calibration["before"] = {{"ttft_error_ms", {{"p99", 0.1}}}};
  facts.calibration["after"] = {{"itl_error_ms", {{"p99", 0.21}}}};
  EXPECT_THAT(codes(), ElementsAre("client_inaccurate"));
}

TEST_F(Verdicts, AnInstrumentWithASmallErrorOrWithoutCalibrationIsNot) {
  facts.calibration["before"] = {{"ttft_error_ms", {{"p99", 1.9}}},
                                 {"itl_error_ms", {{"p99", 0.19}}}};
  facts.calibration["after"] = {{"skipped", "too many descriptors"}};
  EXPECT_THAT(codes(), IsEmpty());
  facts.calibration = nullptr;
  EXPECT_THAT(codes(), IsEmpty());
}

TEST_F(Verdicts, StreamsThatAreNotHeldAreTheClientsFault) {
  // Each of 1,000 requests is in flight for 100 ms of the 10 s: 10 on average.
  for (RequestRecord& r : records) r.ended = r.sent + milliseconds(100);
  facts.load.concurrency = 10;
  EXPECT_THAT(codes(), IsEmpty());
  facts.load.concurrency = 11;  // 10 of 11 is 91 %
  EXPECT_THAT(codes(), ElementsAre("client_limited"));
  records[0].status = RequestStatus::failed;  // a stream whose server fails may stand idle
  EXPECT_THAT(codes(), IsEmpty());
}

TEST_F(Verdicts, ARefusalInsideAnAnswerIsAnErrorAndNothingElse) {
  for (std::size_t i = 0; i < 10; ++i) records[i].output_tokens = 1;
  EXPECT_THAT(codes(), IsEmpty());
  records[10].output_tokens = 1;  // 11 of 1,000 are more than 1 %
  EXPECT_THAT(codes(), ElementsAre("errors"));
}

TEST_F(Verdicts, TokensThatNobodyCanAccountForAreFound) {
  const auto engine_counted = [&](double tokens) {
    facts.engine_info = {{"counters_before", {{"generation_tokens_total", 0.0}}},
                         {"counters_after", {{"generation_tokens_total", tokens}}}};
  };
  engine_counted(40'000);
  EXPECT_THAT(codes(), IsEmpty());
  engine_counted(60'000);
  EXPECT_THAT(codes(), ElementsAre("token_count_mismatch"));
}

TEST_F(Verdicts, AWarmCacheIsFoundWhereThePromptsWereToBeNew) {
  for (std::size_t i = 0; i < records.size(); ++i) {
    records[i].input_tokens = 100;
    records[i].cached_tokens = i % 2 == 0 ? 0 : 50;
  }
  EXPECT_THAT(codes(), IsEmpty());  // a study of caches
  facts.cold_cache = true;
  EXPECT_THAT(codes(), ElementsAre("cache_warm"));
}

TEST_F(Verdicts, EveryCodeOfATrialHasItsAdvice) {
  records[0].output_tokens = 41;
  facts.clock_stepped = true;
  const auto trial = analyse(facts, records);
  ASSERT_EQ(trial.codes.size(), 1U);
  EXPECT_FALSE(trial.codes[0].advice.empty());
}

TEST_F(Verdicts, ALateClientIsFoundByItsP99) {
  for (int i = 0; i < 11; ++i)
    records[static_cast<std::size_t>(i)].sent =
        records[static_cast<std::size_t>(i)].scheduled + milliseconds(2);
  EXPECT_THAT(codes(), ElementsAre("client_late"));
}

TEST_F(Verdicts, ARequestThatTheServerHadSentTwiceIsNotTheClientsLateness) {
  for (std::size_t i = 0; i < 20; ++i) {
    records[i].sent = records[i].scheduled + milliseconds(50);
    records[i].first_token = records[i].sent + milliseconds(100);
    records[i].last_token = records[i].first_token + milliseconds(390);
    records[i].resends = 1;
  }
  facts.validity.ttft_excess_share = 1.0;  // their TTFT has the first attempt in it
  EXPECT_THAT(codes(), IsEmpty());
  for (std::size_t i = 0; i < 20; ++i) records[i].resends = 0;
  EXPECT_THAT(codes(), ElementsAre("client_late"));
}

TEST_F(Verdicts, ALatenessBelowTheLimitIsNoFault) {
  for (RequestRecord& r : records) r.sent = r.scheduled + microseconds(900);
  EXPECT_THAT(codes(), IsEmpty());
}

// The limit is 1 % of the median TTFT when that is more than 1 ms: 5 ms of 500.
TEST_F(Verdicts, TheLatenessLimitGrowsWithTheTtft) {
  for (RequestRecord& r : records) {
    r.first_token = r.scheduled + milliseconds(500);
    r.last_token = r.first_token + milliseconds(390);
    r.sent = r.scheduled + milliseconds(4);
  }
  EXPECT_THAT(codes(), IsEmpty());
}

TEST_F(Verdicts, AFewVeryLateSendsAreFoundByTheirShare) {
  for (int i = 0; i < 2; ++i)
    records[static_cast<std::size_t>(i)].sent =
        records[static_cast<std::size_t>(i)].scheduled + milliseconds(6);
  EXPECT_THAT(codes(), ElementsAre("client_late"));
}

// 20 of 1,000 go out after the window: 2 %. The last of them is 200 ms late, so that lateness alone
// would say it as well; the study allows that here.
TEST_F(Verdicts, AnOpenLoadSentTooSlowlyIsFound) {
  facts.load.kind = workload::LoadKind::open;
  facts.validity.lateness_p99_ms = 1000.0;
  facts.validity.late_share = 1.0;
  facts.validity.ttft_excess_share = 100.0;
  for (std::size_t i = 980; i < 1000; ++i) {
    records[i].sent = facts.window_end;
    records[i].first_token = records[i].sent + milliseconds(100);
    records[i].last_token = records[i].first_token + milliseconds(390);
  }
  EXPECT_THAT(codes(), ElementsAre("client_late"));
}

TEST_F(Verdicts, RequestsThatCouldNotBeSentAreErrorsAndNotLate) {
  facts.load.kind = workload::LoadKind::open;
  for (std::size_t i = 0; i < 20; ++i) {
    records[i].status = RequestStatus::failed;
    records[i].error = record::RequestError::connect_failed;
    records[i].sent = base::Nanos(-1);
  }
  EXPECT_THAT(codes(), ElementsAre("errors"));
}

TEST_F(Verdicts, ALateClientIsToldOnce) {
  facts.load.kind = workload::LoadKind::open;
  for (std::size_t i = 980; i < 1000; ++i) records[i].sent = facts.window_end;
  EXPECT_THAT(codes(), ElementsAre("client_late"));
}

// 490 ms a request and 100 a second: 49 in flight; the window's last 49 or so reach beyond it.
TEST_F(Verdicts, RecordsThatDoNotAddUpToTheLoadAreFound) {
  for (RequestRecord& r : records) r.ended = r.last_token;
  const double recorded = *analyse(facts, records).checks.littles_law_mean;
  EXPECT_NEAR(recorded, 49.0, 1.5);
  facts.in_flight_mean = recorded * 1.04;
  EXPECT_THAT(codes(), IsEmpty());
  facts.in_flight_mean = recorded * 1.06;
  EXPECT_THAT(codes(), ElementsAre("littles_law"));
}

TEST_F(Verdicts, EventsThatArriveTogetherAreFound) {
  for (std::size_t i = 0; i < 100; ++i) records[i].chunks.mark_last_shared();
  EXPECT_THAT(codes(), IsEmpty());  // 100 of 2,000 are 5 %
  records[100].chunks.mark_last_shared();
  EXPECT_THAT(codes(), ElementsAre("shared_reads"));
}

TEST_F(Verdicts, AHeldBackAnswerIsNotToldAsSharedReadsToo) {
  for (RequestRecord& r : records) {
    r.first_token = r.last_token - milliseconds(10);
    r.chunks.mark_last_shared();
  }
  EXPECT_THAT(codes(), ElementsAre("not_streaming"));
}

/// From then on every request waits longer than the one before, as in front of a full engine.
void overload(std::vector<RequestRecord>& records) {
  for (std::size_t i = 0; i < records.size(); ++i) {
    RequestRecord& r = records[i];
    r.first_token = r.scheduled + milliseconds(100) + microseconds(500) * i;
    r.last_token = r.first_token + milliseconds(390);
    r.ended = r.last_token;
  }
}

TEST_F(Verdicts, AnOverloadedEngineIsFound) {
  facts.load.kind = workload::LoadKind::open;
  overload(records);
  EXPECT_THAT(codes(), ElementsAre("unstable"));
  facts.load.kind = workload::LoadKind::closed;  // cannot overload; its latencies only drift
  facts.load.concurrency = 1;
  EXPECT_THAT(codes(), IsEmpty());
}

// 20 ms more on 100 ms, for all to see, but what a load does that wanders about its mean.
TEST_F(Verdicts, ASmallRiseIsNoOverload) {
  facts.load.kind = workload::LoadKind::open;
  overload(records);
  for (std::size_t i = 0; i < records.size(); ++i) {
    records[i].first_token = records[i].scheduled + milliseconds(100) + microseconds(20) * i;
  }
  EXPECT_LT(analyse(facts, records).checks.ttft_trend_p.value(), 1e-6);
  EXPECT_THAT(codes(), IsEmpty());
}

TEST_F(Verdicts, ASteadyOpenLoadIsNoOverload) {
  facts.load.kind = workload::LoadKind::open;
  for (RequestRecord& r : records) r.ended = r.last_token;
  for (int i = -50; i < 0; ++i) {  // what was in flight as the window opened
    records.push_back(clean(10 * i));
    records.back().phase = Phase::warmup;
    records.back().ended = records.back().last_token;
  }
  EXPECT_THAT(codes(), IsEmpty());
}

TEST_F(Verdicts, AUsageThatItsEventsContradictIsFoundAndSaysNothingOfLengths) {
  for (RequestRecord& r : records) r.output_tokens_source = record::TokenSource::continuous_usage;
  EXPECT_THAT(codes(), IsEmpty());
  for (std::size_t i = 0; i < 21; ++i) {
    records[i].output_tokens = 80;  // twice what was asked, and what the events counted
    records[i].chunks.forget_tokens();
  }
  EXPECT_THAT(codes(), ElementsAre("token_count_mismatch"));
}

TEST_F(Verdicts, LimitsAreTheStudys) {
  for (std::size_t i = 0; i < 20; ++i) records[i].status = RequestStatus::failed;
  EXPECT_THAT(codes(), ElementsAre("errors"));
  facts.validity.error_share = 0.02;
  EXPECT_THAT(codes(), IsEmpty());
}

TEST_F(Verdicts, MoreThanOnePercentOfErrorsIsFoundAndOnePercentIsNot) {
  for (int i = 0; i < 10; ++i) records[static_cast<std::size_t>(i)].status = RequestStatus::failed;
  EXPECT_THAT(codes(), IsEmpty());
  records[10].status = RequestStatus::timed_out;
  EXPECT_THAT(codes(), ElementsAre("errors"));
}

TEST_F(Verdicts, TooFewRequestsAreFound) {
  records.resize(99);
  EXPECT_THAT(codes(), ElementsAre("too_few_requests"));
}

TEST_F(Verdicts, AnEmptyWindowIsNeverValid) {
  records.clear();
  facts.least_requests = 0;
  EXPECT_THAT(codes(), ElementsAre("too_few_requests"));
}

TEST_F(Verdicts, AnswersOfAnotherLengthAreFoundUnlessTheStudyAllowsThem) {
  for (int i = 0; i < 11; ++i) records[static_cast<std::size_t>(i)].output_tokens = 39;
  EXPECT_THAT(codes(), ElementsAre("unequal_output"));
  facts.output_length = OutputLength::natural;
  EXPECT_THAT(codes(), IsEmpty());
}

TEST_F(Verdicts, ABufferedStreamIsFound) {
  for (RequestRecord& r : records) r.first_token = r.last_token - milliseconds(10);
  EXPECT_THAT(codes(), ElementsAre("not_streaming"));
}

TEST_F(Verdicts, ShortAnswersAtOnceAreNoBufferedStream) {
  for (RequestRecord& r : records) {
    r.first_token = r.last_token;
    r.output_tokens = r.requested_output_tokens = 8;
  }
  EXPECT_THAT(codes(), IsEmpty());
}

TEST_F(Verdicts, AStoppedTrialIsIncompleteAndSaysWhy) {
  facts.stopped = "engine ended: killed by signal 9";
  const auto trial = analyse(facts, records);
  EXPECT_EQ(trial.verdict, record::Verdict::incomplete);
  EXPECT_EQ(trial.codes.front().evidence, facts.stopped);
}

TEST_F(Verdicts, AnEngineThatNeverSettledIsFoundAndOneThatDidIsNot) {
  facts.probes = 60;
  EXPECT_THAT(codes(), IsEmpty());
  facts.never_warm = true;
  EXPECT_THAT(codes(), ElementsAre("never_warm"));
}

TEST_F(Verdicts, ASteppedClockIsFound) {
  facts.clock_stepped = true;
  EXPECT_THAT(codes(), ElementsAre("clock_stepped"));
}

}  // namespace
}  // namespace tokamark::analysis
