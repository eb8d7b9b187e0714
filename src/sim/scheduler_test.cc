#include "sim/scheduler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "sim/unit_profile.h"

namespace tokamark::sim {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// Runs one step; each token as "id:index", a last one with "!" behind it.
std::vector<std::string> step(Scheduler& scheduler) {
  if (!scheduler.begin_step()) return {"idle"};
  std::vector<std::string> tokens;
  for (const Emission& e : scheduler.end_step()) {
    tokens.push_back(std::to_string(e.id) + ":" + std::to_string(e.token_index) +
                     (e.last ? "!" : ""));
  }
  return tokens;
}

Profile with(PrefillStyle style, Admission admission, std::int64_t capacity) {
  Profile profile = unit_profile();
  profile.engine.prefill = style;
  profile.engine.admission = admission;
  profile.engine.kv_capacity_tokens = capacity;
  return profile;
}

TEST(Scheduler, OneRequestTakesAPrefillStepAndOneStepAToken) {
  Scheduler scheduler(unit_profile());
  scheduler.submit({1, 10, 3, 0});
  EXPECT_EQ(scheduler.begin_step()->total, std::chrono::microseconds{1010});
  EXPECT_EQ(scheduler.end_step().size(), 1U);
  EXPECT_EQ(scheduler.begin_step()->total, std::chrono::microseconds{1001});
  EXPECT_EQ(scheduler.end_step().size(), 1U);
  EXPECT_EQ(scheduler.kv_tokens_held(), 11);  // the prompt and the first token
  EXPECT_THAT(step(scheduler), ElementsAre("1:2!"));
  EXPECT_EQ(scheduler.kv_tokens_held(), 0);
  EXPECT_THAT(step(scheduler), ElementsAre("idle"));
}

TEST(Scheduler, LongPromptIsComputedInChunks) {
  Scheduler scheduler(unit_profile());
  scheduler.submit({1, 40, 1, 0});
  EXPECT_THAT(step(scheduler), IsEmpty());
  EXPECT_THAT(step(scheduler), IsEmpty());
  EXPECT_THAT(step(scheduler), ElementsAre("1:0!"));  // 16 + 16 + 8
}

TEST(Scheduler, CachedPromptTokensNeedNoPrefill) {
  Scheduler scheduler(unit_profile());
  scheduler.submit({1, 40, 1, 30});
  EXPECT_EQ(scheduler.begin_step()->total, std::chrono::microseconds{1010});
  EXPECT_EQ(scheduler.end_step().size(), 1U);
}

TEST(Scheduler, MixedChunksShareTheStepWithDecodes) {
  Scheduler scheduler(with(PrefillStyle::chunked_mixed, Admission::optimistic, 1000));
  scheduler.submit({1, 4, 10, 0});
  EXPECT_THAT(step(scheduler), ElementsAre("1:0"));
  scheduler.submit({2, 20, 1, 0});
  EXPECT_THAT(step(scheduler), ElementsAre("1:1"));  // and 15 tokens of the second prompt
  EXPECT_EQ(scheduler.work().prefill_tokens, 15);
  EXPECT_THAT(step(scheduler), ElementsAre("1:2", "2:0!"));
  EXPECT_EQ(scheduler.work().prefill_tokens, 5);
}

TEST(Scheduler, SeparateChunksMakeDecodesWait) {
  Scheduler scheduler(with(PrefillStyle::chunked_separate, Admission::optimistic, 1000));
  scheduler.submit({1, 4, 10, 0});
  EXPECT_THAT(step(scheduler), ElementsAre("1:0"));
  scheduler.submit({2, 20, 2, 0});
  EXPECT_THAT(step(scheduler), IsEmpty());
  EXPECT_THAT(step(scheduler), ElementsAre("2:0"));
  EXPECT_THAT(step(scheduler), ElementsAre("1:1", "2:1!"));
}

TEST(Scheduler, WholePromptWaitsUntilItFitsBesideTheDecodes) {
  Scheduler scheduler(with(PrefillStyle::whole_mixed, Admission::reserve_output, 1000));
  scheduler.submit({1, 4, 2, 0});
  EXPECT_THAT(step(scheduler), ElementsAre("1:0"));
  scheduler.submit({2, 16, 1, 0});  // one decode leaves 15 of 16 tokens
  EXPECT_THAT(step(scheduler), ElementsAre("1:1!"));
  EXPECT_THAT(step(scheduler), ElementsAre("2:0!"));
}

TEST(Scheduler, WholePromptThatFitsEntersBesideDecodes) {
  Scheduler scheduler(with(PrefillStyle::whole_mixed, Admission::reserve_output, 1000));
  scheduler.submit({1, 4, 2, 0});
  EXPECT_THAT(step(scheduler), ElementsAre("1:0"));
  scheduler.submit({2, 15, 1, 0});
  EXPECT_THAT(step(scheduler), ElementsAre("1:1!", "2:0!"));
}

TEST(Scheduler, SequenceLimitQueuesInOrderOfArrival) {
  Scheduler scheduler(unit_profile());
  for (SequenceId id = 1; id <= 6; ++id) scheduler.submit({id, 2, 2, 0});
  EXPECT_THAT(step(scheduler), ElementsAre("1:0", "2:0", "3:0", "4:0"));
  EXPECT_EQ(scheduler.running(), 4);
  EXPECT_EQ(scheduler.waiting(), 2);
  EXPECT_THAT(step(scheduler), ElementsAre("1:1!", "2:1!", "3:1!", "4:1!"));
  EXPECT_THAT(step(scheduler), ElementsAre("5:0", "6:0"));
}

// Two prompts of 8 fill 16 of 20 cache tokens; two decode steps fill it. Then the newer one goes,
// frees 10, and comes back (8 + 3 known tokens to compute) when the older one has finished.
TEST(Scheduler, FullCachePreemptsTheNewestAndRecomputesIt) {
  Scheduler scheduler(with(PrefillStyle::chunked_mixed, Admission::optimistic, 20));
  scheduler.submit({1, 8, 8, 0});
  scheduler.submit({2, 8, 8, 0});
  EXPECT_THAT(step(scheduler), ElementsAre("1:0", "2:0"));
  EXPECT_THAT(step(scheduler), ElementsAre("1:1", "2:1"));
  EXPECT_THAT(step(scheduler), ElementsAre("1:2", "2:2"));
  EXPECT_EQ(scheduler.kv_tokens_held(), 20);
  EXPECT_THAT(step(scheduler), ElementsAre("1:3"));
  EXPECT_EQ(scheduler.preemptions(), 1);
  EXPECT_EQ(scheduler.kv_tokens_held(), 11);
  EXPECT_EQ(scheduler.waiting(), 1);
  for (const char* token : {"1:4", "1:5", "1:6", "1:7!"}) {
    EXPECT_THAT(step(scheduler), ElementsAre(token));
  }
  EXPECT_THAT(step(scheduler), ElementsAre("2:3"));
  EXPECT_EQ(scheduler.work().prefill_tokens, 11);
  for (const char* token : {"2:4", "2:5", "2:6", "2:7!"}) {
    EXPECT_THAT(step(scheduler), ElementsAre(token));
  }
}

TEST(Scheduler, ReservedOutputQueuesInsteadOfPreempting) {
  Scheduler scheduler(with(PrefillStyle::whole_mixed, Admission::reserve_output, 20));
  scheduler.submit({1, 8, 8, 0});
  scheduler.submit({2, 8, 8, 0});
  EXPECT_THAT(step(scheduler), ElementsAre("1:0"));
  EXPECT_EQ(scheduler.kv_tokens_held(), 16);
  for (int i = 1; i < 8; ++i) step(scheduler);
  EXPECT_THAT(step(scheduler), ElementsAre("2:0"));
  EXPECT_EQ(scheduler.preemptions(), 0);
}

TEST(Scheduler, AbortFreesTheCacheAndYieldsNothing) {
  Scheduler scheduler(with(PrefillStyle::chunked_mixed, Admission::reserve_output, 20));
  scheduler.submit({1, 8, 8, 0});
  scheduler.submit({2, 8, 8, 0});
  scheduler.begin_step();
  scheduler.abort(1);
  EXPECT_THAT(scheduler.end_step(), IsEmpty());
  EXPECT_EQ(scheduler.kv_tokens_held(), 0);
  EXPECT_THAT(step(scheduler), ElementsAre("2:0"));
  scheduler.abort(2);
  EXPECT_THAT(step(scheduler), ElementsAre("idle"));
}

TEST(Scheduler, AbortOfAWaitingRequestLetsTheNextOneIn) {
  Scheduler scheduler(with(PrefillStyle::chunked_mixed, Admission::reserve_output, 20));
  for (SequenceId id = 1; id <= 3; ++id) scheduler.submit({id, 8, 1, 0});
  EXPECT_THAT(step(scheduler), ElementsAre("1:0!", "2:0!"));
  scheduler.abort(3);
  EXPECT_EQ(scheduler.waiting(), 0);
}

TEST(Scheduler, RequestsThatCanNeverRunAreRefused) {
  Profile profile = with(PrefillStyle::whole_mixed, Admission::reserve_output, 30);
  profile.context_limit = 40;
  const Scheduler scheduler(profile);
  EXPECT_TRUE(scheduler.check({1, 16, 14, 0}).has_value());
  EXPECT_THAT(scheduler.check({1, 16, 25, 0}).error().message,
              HasSubstr("need 41 tokens, the context limit is 40"));
  EXPECT_THAT(scheduler.check({1, 16, 15, 0}).error().message,
              HasSubstr("need 31 tokens, the KV cache holds 30"));
  EXPECT_THAT(scheduler.check({1, 17, 1, 0}).error().message,
              HasSubstr("has 17 tokens, one step without chunking takes 16"));
}

struct LoadResult {
  double tokens_per_s = 0;
  double mean_tpot_ms = 0;
};

/// A closed loop: `concurrency` requests are kept in flight until four times as many have ended.
LoadResult closed_loop(const Profile& profile, std::int64_t concurrency) {
  constexpr std::int64_t kOutput = 256;
  Scheduler scheduler(profile);
  base::Nanos now{0};
  std::map<SequenceId, base::Nanos> first;
  SequenceId next = 1;
  double tpot_ms = 0;
  std::int64_t ended = 0;
  for (std::int64_t i = 0; i < concurrency; ++i) scheduler.submit({next++, 200, kOutput, 0});
  while (ended < 4 * concurrency) {
    now += scheduler.begin_step()->total;
    for (const Emission& e : scheduler.end_step()) {
      if (e.token_index == 0) first[e.id] = now;
      if (!e.last) continue;
      tpot_ms += base::to_ms(now - first[e.id]) / (kOutput - 1);
      ended += 1;
      scheduler.submit({next++, 200, kOutput, 0});
    }
  }
  const auto requests = static_cast<double>(ended);
  return {requests * kOutput / base::to_seconds(now), tpot_ms / requests};
}

class ScoutUnderLoad : public testing::TestWithParam<const char*> {};

TEST_P(ScoutUnderLoad, ThroughputRisesWithConcurrencyAndTpotNeverShrinks) {
  const Profile profile = find_profile(GetParam()).value();
  LoadResult before;
  for (const std::int64_t concurrency : {1, 10, 50, 100}) {
    const LoadResult now = closed_loop(profile, concurrency);
    EXPECT_GT(now.tokens_per_s, before.tokens_per_s) << concurrency;
    EXPECT_GE(now.mean_tpot_ms, before.mean_tpot_ms) << concurrency;
    before = now;
  }
}

INSTANTIATE_TEST_SUITE_P(Dialects, ScoutUnderLoad,
                         testing::Values("llama4-scout-h200-vllm", "llama4-scout-h200-sglang",
                                         "llama4-scout-h200-tensorrt-llm"));

TEST(Scheduler, ThroughputStopsRisingAtTheCacheLimit) {
  Profile profile = find_profile("llama4-scout-h200-tensorrt-llm").value();
  profile.engine.kv_capacity_tokens = 10 * 456;  // ten requests of 200 + 256
  const double ten = closed_loop(profile, 10).tokens_per_s;
  const double forty = closed_loop(profile, 40).tokens_per_s;
  EXPECT_NEAR(forty / ten, 1.0, 0.05);
}

}  // namespace
}  // namespace tokamark::sim
