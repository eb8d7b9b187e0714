#include "doctor/memory_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tokamark::doctor {
namespace {

using testing::HasSubstr;

constexpr double kGiB = 1024.0 * 1024.0 * 1024.0;
/// What NVML tells of a card of 80 GB (81,559 MiB), and of an H200 (143,771 MiB).
const MemoryPlace kH100{"NVIDIA H100 80GB HBM3", 81'559.0 * 1024 * 1024};
const MemoryPlace kH200{"NVIDIA H200", 143'771.0 * 1024 * 1024};
/// Scout, whose keys and values are 98,304 elements a token, and its layers keep 8,192 tokens.
const KvShape kScoutKv{98'304.0, 8192};

WeightsSize scout(const std::string& precision) {
  engine::ModelSpec model;
  model.name = "scout";
  model.parameters_b = 109;
  model.precision = precision;
  return weights_size({}, model, {}).value();
}

MemoryNeeds needs(const std::string& kind, const std::string& precision) {
  MemoryNeeds needs;
  needs.id = "e.memory";
  needs.kind = kind;
  needs.weights = scout(precision);
  return needs;
}

TEST(MemoryCheck, KnowsWhatAParameterTakes) {
  EXPECT_EQ(bytes_per_parameter("BF16"), 2.0);
  EXPECT_EQ(bytes_per_parameter("fp8"), 1.0);
  EXPECT_EQ(bytes_per_parameter("modelopt_fp8"), 1.0);
  EXPECT_EQ(bytes_per_parameter("q4_0"), 18.0 / 32);
  EXPECT_EQ(bytes_per_parameter("Q4_K_M"), 144.0 / 256);
  EXPECT_EQ(bytes_per_parameter("nvfp4"), 9.0 / 16) << "not those of fp4 by another name";
  EXPECT_FALSE(bytes_per_parameter("fancy").has_value());
  EXPECT_FALSE(bytes_per_parameter("").has_value());
}

TEST(MemoryCheck, RefusesFp8ScoutOnACardOf80GBWithTheArithmetic) {
  const Check check = check_memory(needs("vllm", "fp8"), kH100);
  EXPECT_EQ(check.status, CheckStatus::error);
  EXPECT_EQ(check.found, "109 x 10^9 parameters x 1 byte (fp8) = 101.5 GiB");
  // 0.92 x 79.65 = 73.28, less 2
  EXPECT_EQ(check.wanted,
            "at most 71.3 GiB: 92 % of 79.6 GiB of NVIDIA H100 80GB HBM3, less 2 GiB for "
            "activations and graphs");
  // (101.51 + 2) / 0.92 = 112.5
  EXPECT_THAT(check.fix, HasSubstr("a GPU with at least 113 GiB"));
  EXPECT_EQ(check_memory(needs("sglang", "fp8"), kH100).status, CheckStatus::error);
  EXPECT_EQ(check_memory(needs("tensorrt-llm", "fp8"), kH100).status, CheckStatus::error);
}

TEST(MemoryCheck, RefusesBf16ScoutOnOneH200AndTakesFp8) {
  const Check check = check_memory(needs("vllm", "bf16"), kH200);
  EXPECT_EQ(check.status, CheckStatus::error);
  EXPECT_THAT(check.found, HasSubstr("2 bytes (bf16) = 203.0 GiB"));
  for (const char* kind : {"vllm", "sglang", "tensorrt-llm", "transformers"}) {
    EXPECT_EQ(check_memory(needs(kind, "fp8"), kH200).status, CheckStatus::ok) << kind;
  }
}

TEST(MemoryCheck, DividesByTheGpusThatShareTheWeights) {
  MemoryNeeds two = needs("vllm", "fp8");
  two.shape.split = 2;
  const Check check = check_memory(two, kH100);
  EXPECT_EQ(check.status, CheckStatus::ok) << check.wanted;
  EXPECT_THAT(check.found, HasSubstr("50.8 GiB on each of 2 GPUs"));
}

TEST(MemoryCheck, CountsTheTokensThatTheWeightsLeaveRoomFor) {
  MemoryNeeds scout = needs("vllm", "fp8");
  scout.kv = kScoutKv;
  scout.shape.kv_dtype = "fp8";
  scout.shape.context_tokens = 8192;
  const Check check = check_memory(scout, kH200);
  EXPECT_EQ(check.status, CheckStatus::ok);
  // 0.92 x 140.40 - 2 - 101.51 = 25.66 GiB; over 96 KiB: 280,000
  EXPECT_THAT(check.found,
              HasSubstr("25.7 GiB left for keys and values, 280,000 tokens of 96 KiB"));
  scout.in_flight = 100;
  scout.tokens_per_request = 2000;
  EXPECT_EQ(check_memory(scout, kH200).status, CheckStatus::ok);
  scout.in_flight = 200;
  EXPECT_EQ(check_memory(scout, kH200).status, CheckStatus::warning);
  scout.shape.max_sequences = 128;
  EXPECT_EQ(check_memory(scout, kH200).status, CheckStatus::ok) << "the engine takes no more";
}

TEST(MemoryCheck, RefusesAContextThatDoesNotFitBesideTheWeights) {
  MemoryNeeds scout = needs("vllm", "fp8");
  scout.kv = KvShape{98'304.0, {}};
  scout.shape.kv_dtype = "fp8";
  scout.shape.context_tokens = 1'000'000;
  const Check check = check_memory(scout, kH200);
  EXPECT_EQ(check.status, CheckStatus::error);
  EXPECT_EQ(check.wanted, "room for one sequence of 1000000 tokens");
  scout.kv = kScoutKv;
  EXPECT_EQ(check_memory(scout, kH200).status, CheckStatus::ok)
      << "most layers keep 8,192 tokens of it";
}

TEST(MemoryCheck, RefusesABudgetOfTokensThatDoesNotFit) {
  MemoryNeeds scout = needs("sglang", "fp8");
  scout.kv = kScoutKv;
  scout.shape.kv_dtype = "fp8";
  scout.shape.kv_cache_tokens = 180'000;
  EXPECT_EQ(check_memory(scout, kH200).status, CheckStatus::ok);
  scout.shape.kv_dtype = "";  // (140.40 - 10 - 101.51) GiB over 192 KiB: 157,000
  EXPECT_EQ(check_memory(scout, kH200).status, CheckStatus::error);
}

TEST(MemoryCheck, SaysWhenKeysAndValuesWereNotJudged) {
  EXPECT_THAT(check_memory(needs("vllm", "fp8"), kH200).found,
              HasSubstr("keys and values were not judged"));
}

TEST(MemoryCheck, WithoutAGpuSaysWhichOneWouldDo) {
  const Check check = check_memory(needs("vllm", "fp8"), {});
  EXPECT_EQ(check.status, CheckStatus::skipped);
  EXPECT_THAT(check.wanted, HasSubstr("a GPU with at least 113 GiB"));
}

TEST(MemoryCheck, HoldsWeightsOfTheCpuAgainstTheMachinesMemory) {
  const MemoryPlace host{"this machine's memory", 24 * kGiB, MemoryPlace::Kind::host};
  EXPECT_EQ(check_memory(needs("vllm", "fp8"), host).status, CheckStatus::error);
  EXPECT_EQ(check_memory(needs("vllm", "fp8"), {"m", 128 * kGiB, MemoryPlace::Kind::host}).status,
            CheckStatus::ok);
}

TEST(MemoryCheck, TakesTheSizeOfFilesWhereTheStudyDoesNotSay) {
  ModelFacts files;
  files.weight_bytes = 3 * static_cast<std::int64_t>(kGiB);
  const auto size = weights_size({}, {}, files);
  ASSERT_TRUE(size.has_value());
  EXPECT_EQ(size->sum, "weight files of 3.0 GiB");
  files.lacks = "model-00002-of-00002.safetensors";
  EXPECT_FALSE(weights_size({}, {}, files).has_value()) << "a part is not the size";
  EXPECT_FALSE(weights_size({}, {}, {}).has_value());
}

TEST(MemoryCheck, AnEnginesOwnFileOrQuantisationComesBeforeTheStudysPrecision) {
  engine::ModelSpec model;
  model.parameters_b = 109;
  model.precision = "bf16";
  engine::EngineSpec spec;
  spec.args = {"--quantization", "fp8"};
  EXPECT_EQ(weights_size(spec, model, {})->bytes, 109e9);
  spec.args.clear();
  EXPECT_EQ(weights_size(spec, model, {})->bytes, 218e9);
  spec.model = "scout.gguf";
  ModelFacts file;
  file.weight_bytes = 60'000'000'000;
  EXPECT_EQ(weights_size(spec, model, file)->bytes, 60e9);
}

}  // namespace
}  // namespace tokamark::doctor
