#include "roofline/bounds.h"

#include <gtest/gtest.h>

namespace tokamark::roofline {
namespace {

/// Llama 3.1 8B in BF16: 8,030,261,248 parameters, 525,336,576 (128,256 x 4096) of them in the
/// input embedding, of which a token reads one row. 32 layers of 41.9 M attention and 176.2 M
/// feed-forward parameters; 8 KV heads of 128.
ModelFacts llama_8b() {
  ModelFacts model;
  model.dense_bytes = 2.0 * (8'030'261'248.0 - 525'336'576.0);
  model.layer_parameters_per_token = 32 * (41'943'040.0 + 176'160'768.0);
  model.head_parameters = 525'336'576.0;
  model.attention_flops_per_pair = 4.0 * 32 * 32 * 128;
  model.kv_bytes_per_token = 2.0 * 2 * 8 * 128 * 32;  // 128 KiB
  return model;
}

/// Llama 4 Scout in FP8 with a BF16 head: 11.13 GB that every token reads, and 16 experts of
/// 6.04 GB; FP8 keys and values of 96 KiB a token.
ModelFacts scout_fp8() {
  ModelFacts model;
  model.dense_bytes = 48 * (62'914'560.0 + 125'829'120.0 + 81'920.0) + 2.0 * 1'034'485'760.0;
  model.expert_bytes = 48 * 125'829'120.0;
  model.experts = 16;
  model.layer_parameters_per_token = 48 * (62'914'560.0 + 2 * 125'829'120.0 + 81'920.0);
  model.head_parameters = 1'034'485'760.0;
  model.attention_flops_per_pair = 4.0 * 48 * 40 * 128;
  model.kv_bytes_per_token = 98'304;
  return model;
}

constexpr Ceilings kH100{3.35e12, 989.5e12};
constexpr Ceilings kH200Fp8{4.8e12, 1979e12};

// 16.06 GB of weights / 3.35 TB/s = 4.794 ms, less the embedding's 1.05 GB (0.314 ms): 4.481 ms.
TEST(Bounds, DecodeOfAnEightBillionModelOnAnH100IsItsWeightsOverTheBandwidth) {
  const StepBound bound = decode_bound(llama_8b(), kH100, {1, 0});
  EXPECT_NEAR(1e3 * bound.seconds, 4.481, 0.001);
  EXPECT_EQ(bound.side, Side::memory);
  ModelFacts whole = llama_8b();
  whole.dense_bytes = 2.0 * 8'030'261'248.0;
  EXPECT_NEAR(1e3 * decode_bound(whole, kH100, {1, 0}).seconds, 4.794, 0.001);
}

// 32 sequences of 1,000 tokens read 32 x 1000 x 131,072 = 4.194 GB more: 1.252 ms more.
TEST(Bounds, DecodeReadsTheCacheOfEverySequence) {
  EXPECT_NEAR(1e3 * decode_bound(llama_8b(), kH100, {32, 1000}).seconds, 4.481 + 1.252, 0.001);
}

// 1,000 sequences of no context: 15.01 GB take 4.481 ms; 1000 x 2 x (6.979 + 0.525) G = 15.01
// TFLOP and the pairs with themselves (5.2e8) take 15.169 ms.
TEST(Bounds, DecodeOfAThousandSequencesIsBoundByArithmetic) {
  const StepBound bound = decode_bound(llama_8b(), kH100, {1000, 0});
  EXPECT_NEAR(1e3 * bound.seconds, 15.169, 0.001);
  EXPECT_EQ(bound.side, Side::compute);
}

// A mean batch of 7.5 lies half-way between 7 and 8 for a dense model.
TEST(Bounds, DecodeTakesAMeanBatch) {
  const double at_7 = decode_bound(llama_8b(), kH100, {7, 500}).seconds;
  const double at_8 = decode_bound(llama_8b(), kH100, {8, 500}).seconds;
  EXPECT_NEAR(decode_bound(llama_8b(), kH100, {7.5, 500}).seconds, (at_7 + at_8) / 2, 1e-12);
}

// (11.133 + 1 x 6.040 + 256 x 98,304 / 1e9) GB / 4.8 TB/s = (17.172 + 0.025) / 4.8 = 3.583 ms;
// eight sequences touch 6.453 experts: (11.133 + 38.98 + 0.201) / 4.8 = 10.48 ms.
TEST(Bounds, DecodeOfScoutReadsTheExpertsThatItsTokensPick) {
  EXPECT_NEAR(1e3 * decode_bound(scout_fp8(), kH200Fp8, {1, 256}).seconds, 3.583, 0.001);
  EXPECT_NEAR(1e3 * decode_bound(scout_fp8(), kH200Fp8, {8, 256}).seconds, 10.48, 0.01);
}

// 8,192 tokens: 2 x 6.979 G x 8192 = 114.35 TFLOP, 8192 x 8193 / 2 pairs x 524,288 = 17.59 TFLOP,
// head 0.001: 131.94 / 989.5 = 133.34 ms. Ten tokens are bound by the weights, as a decode is.
TEST(Bounds, PrefillOfALongPromptIsBoundByArithmeticAndOfAShortOneByMemory) {
  const StepBound long_prompt = prefill_bound(llama_8b(), kH100, {8192, 0});
  EXPECT_NEAR(1e3 * long_prompt.seconds, 133.34, 0.02);
  EXPECT_EQ(long_prompt.side, Side::compute);
  const StepBound short_prompt = prefill_bound(llama_8b(), kH100, {10, 0});
  EXPECT_NEAR(1e3 * short_prompt.seconds, 4.481, 0.001);
  EXPECT_EQ(short_prompt.side, Side::memory);
}

// 8,000 of the 8,192 tokens are cached: 192 x 2 x 6.979 G = 2.68 TFLOP and 192 x 8000 + 192 x 193/2
// pairs = 0.815 TFLOP are 3.53 ms; weights and 8000 x 131,072 bytes of cache 4.481 + 0.313 ms.
TEST(Bounds, PrefillComputesOnlyWhatIsNotCached) {
  EXPECT_NEAR(1e3 * prefill_bound(llama_8b(), kH100, {192, 8000}).seconds, 4.794, 0.001);
}

}  // namespace
}  // namespace tokamark::roofline
