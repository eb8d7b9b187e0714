#include "analysis/reconcile.h"

#include <gtest/gtest.h>

namespace tokamark::analysis {
namespace {

using record::RequestRecord;
using record::RequestStatus;
using std::chrono::milliseconds;

RequestRecord request(int sent_ms, int ended_ms, std::int64_t tokens = 100) {
  RequestRecord r;
  r.phase = record::Phase::measured;
  r.status = RequestStatus::succeeded;
  r.sent = milliseconds(sent_ms);
  r.ended = milliseconds(ended_ms);
  r.output_tokens = tokens;
  r.requested_output_tokens = 100;
  return r;
}

TEST(Reconcile, ARefusalIsOneTokenWhereMoreWereAskedForExactly) {
  TrialFacts facts;
  EXPECT_TRUE(is_refusal(facts, request(0, 1, 1)));
  EXPECT_FALSE(is_refusal(facts, request(0, 1, 2)));
  RequestRecord one = request(0, 1, 1);
  one.requested_output_tokens = 1;
  EXPECT_FALSE(is_refusal(facts, one));
  facts.output_length = OutputLength::natural;
  EXPECT_FALSE(is_refusal(facts, request(0, 1, 1)));
}

TEST(Reconcile, TheCachedShareLeavesOutWhatAllPromptsShare) {
  std::vector<RequestRecord> records{request(0, 1), request(0, 1)};
  EXPECT_FALSE(cached_share(records).has_value());
  for (RequestRecord& r : records) {
    r.input_tokens = 100;
    r.cached_tokens = 16;
  }
  EXPECT_NEAR(*cached_share(records), 0.0, 1e-12);  // a template of 16 tokens
  records[1].cached_tokens = 96;                    // (0 + 80) / 200 = 0.40
  EXPECT_NEAR(*cached_share(records), 0.40, 1e-12);
  records[1].input_tokens = 1000;  // long and short prompts share the same template
  records[1].cached_tokens = 16;
  EXPECT_NEAR(*cached_share(records), 0.0, 1e-12);
  records[0].cached_tokens = 90;  // every prompt at 90 % is no template: (26 + 836) / 1,100
  records[1].cached_tokens = 900;
  EXPECT_NEAR(*cached_share(records), 862.0 / 1100.0, 1e-12);
}

TEST(Reconcile, InFlightIsTheTimeAverageInsideTheWindow) {
  TrialFacts facts;
  EXPECT_FALSE(mean_in_flight(facts, {}).has_value());
  facts.window_start = milliseconds(100);
  facts.window_end = milliseconds(200);
  // 50 ms of the first, all 100 ms of the second, none of the third: 1.5 on average.
  const std::vector records{request(0, 150), request(50, 300), request(250, 300)};
  EXPECT_NEAR(*mean_in_flight(facts, records), 1.5, 1e-12);
}

TEST(Reconcile, TheEnginesCounterMustAgree) {
  TrialFacts facts;
  RequestRecord cut = request(0, 1);
  cut.status = RequestStatus::cut_off;
  const std::vector records{request(0, 1), request(0, 1), cut};
  EXPECT_EQ(token_contradiction(facts, records, 0.02), "");  // no counter
  const auto with = [&](double grown) {
    facts.engine_info = {{"counters_before", {{"generation_tokens_total", 1000.0}}},
                         {"counters_after", {{"generation_tokens_total", 1000.0 + grown}}}};
    return token_contradiction(facts, records, 0.02);
  };
  // 200 counted, and up to 100 more to the request that was cut off. 2 % are 4 and 6, and each of
  // the two that ended may be off by one: 194 to 308 is explained.
  EXPECT_EQ(with(194), "");
  EXPECT_EQ(with(308), "");
  EXPECT_EQ(with(193),
            "the engine counted 193 generated tokens, the client 200 and at most 100 "
            "more");
  EXPECT_NE(with(309), "");
}

TEST(Reconcile, MoreEventsThanTokensContradictTheUsage) {
  std::vector records{request(0, 1, 3), request(0, 1, 3)};
  for (RequestRecord& r : records) {
    r.output_tokens_source = record::TokenSource::usage;
    for (int i = 0; i < 4; ++i) r.chunks.push_back({});  // three tokens and the one that ends
  }
  EXPECT_EQ(contradictory_usages(records).contradictory, 0);
  EXPECT_EQ(contradictory_usages(records).all, 2);
  records[0].chunks.push_back({});
  EXPECT_EQ(contradictory_usages(records).contradictory, 1);
  records[0].output_tokens_source = record::TokenSource::chunks;  // nobody counted
  EXPECT_EQ(contradictory_usages(records).all, 1);
}

// 2 requests may share a template of 64 tokens each: (150 - 128) / 200.
TEST(Reconcile, TheEnginesOwnCacheCounterStandsInForAnswersThatSayNothing) {
  TrialFacts facts;
  facts.engine_info = {
      {"counters_before", {{"cached_tokens_total", 50.0}, {"prompt_tokens_total", 100.0}}},
      {"counters_after", {{"cached_tokens_total", 200.0}, {"prompt_tokens_total", 300.0}}}};
  std::vector records{request(0, 1), request(0, 1)};
  EXPECT_NEAR(compute_checks(facts, records).cached_share.value(), 22.0 / 200.0, 1e-12);
  for (RequestRecord& r : records) {
    r.input_tokens = 100;
    r.cached_tokens = 0;
  }
  EXPECT_EQ(compute_checks(facts, records).cached_share.value(), 0.0);  // the answers say it
}

}  // namespace
}  // namespace tokamark::analysis
