#include "roofline/step_work.h"

#include <gtest/gtest.h>

namespace tokamark::roofline {
namespace {

// 16 (1 - (15/16)^B) by hand: B=1 1, B=8 6.453, B=32 13.972, B=64 15.743.
TEST(StepWork, ExpectedExpertsFollowUniformRouting) {
  ModelFacts model;
  model.experts = 16;
  model.experts_per_token = 1;
  EXPECT_NEAR(experts_touched(model, 1), 1.0, 1e-12);
  EXPECT_NEAR(experts_touched(model, 8), 6.453, 1e-3);
  EXPECT_NEAR(experts_touched(model, 32), 13.972, 1e-3);
  EXPECT_NEAR(experts_touched(model, 64), 15.743, 1e-3);
}

TEST(StepWork, DenseModelReadsItsWeightsOnce) {
  ModelFacts model;
  model.dense_bytes = 7;
  StepWork work;
  for (int i = 0; i < 100; ++i) work.add_decode(10);
  EXPECT_DOUBLE_EQ(bytes_read(model, work), 7.0);
}

// A chunk of 3 behind 5: each of the three sees the 5, and 1 + 2 + 3 of its own chunk.
TEST(StepWork, PrefillCountsAttentionPairs) {
  StepWork work;
  work.add_prefill(3, 5, StepWork::Chunk::middle);
  EXPECT_DOUBLE_EQ(work.attention_pairs, 3 * 5 + 6);
  EXPECT_DOUBLE_EQ(work.kv_tokens_read, 5);
  EXPECT_DOUBLE_EQ(work.sampled_tokens, 0);
}

// 2 x 100 parameters x 3 tokens, 2 x 10 of the head for one of them, 7 x 6 pairs.
TEST(StepWork, FlopsAreTwoAParameterAndToken) {
  ModelFacts model;
  model.layer_parameters_per_token = 100;
  model.head_parameters = 10;
  model.attention_flops_per_pair = 7;
  StepWork work;
  work.add_prefill(3, 0, StepWork::Chunk::last);
  EXPECT_DOUBLE_EQ(flops(model, work), 600 + 20 + 42);
}

}  // namespace
}  // namespace tokamark::roofline
