#include "doctor/launch_shape.h"

#include <gtest/gtest.h>

namespace tokamark::doctor {
namespace {

TEST(LaunchShape, ReadsTheFlagsOfEachEngine) {
  engine::EngineSpec spec;
  spec.args = {"--tensor-parallel-size",
               "2",
               "--max-model-len=8192",
               "--max-num-seqs",
               "128",
               "--kv-cache-dtype",
               "FP8",
               "--gpu-memory-utilization",
               "0.5"};
  LaunchShape shape = launch_shape(spec);
  EXPECT_EQ(shape.split, 2U);
  EXPECT_EQ(shape.gpus, 2U);
  EXPECT_EQ(shape.context_tokens, 8192);
  EXPECT_EQ(shape.max_sequences, 128);
  EXPECT_EQ(shape.memory_share, 0.5);
  EXPECT_EQ(shape.kv_dtype, "fp8");
  spec.args = {"--tp", "2", "--pp-size", "2", "--dp", "3", "--quantization", "modelopt_fp8"};
  shape = launch_shape(spec);
  EXPECT_EQ(shape.split, 4U);
  EXPECT_EQ(shape.gpus, 12U) << "copies of the weights need GPUs of their own";
  EXPECT_EQ(shape.quantization, "modelopt_fp8");
  spec.args = {"--tp", "4", "--dp", "2", "--enable-dp-attention"};
  EXPECT_EQ(launch_shape(spec).gpus, 4U) << "data parallel attention divides the same GPUs";
  spec.args = {"--tp_size", "4", "--max_seq_len", "4096"};
  EXPECT_EQ(launch_shape(spec).split, 4U);
  EXPECT_EQ(launch_shape(spec).context_tokens, 4096);
}

TEST(LaunchShape, ReadsTheStudysSettings) {
  using engine::Setting;
  engine::EngineSpec spec;
  spec.settings = {{Setting::tensor_parallel, 2},       {Setting::context_tokens, 8192},
                   {Setting::kv_cache_tokens, 180'000}, {Setting::max_sequences, 128},
                   {Setting::gpu_memory_share, 0.5},    {Setting::kv_cache_dtype, "fp8"}};
  const LaunchShape shape = launch_shape(spec);
  EXPECT_EQ(shape.gpus, 2U);
  EXPECT_EQ(shape.context_tokens, 8192);
  EXPECT_EQ(shape.kv_cache_tokens, 180'000);
  EXPECT_EQ(shape.max_sequences, 128);
  EXPECT_EQ(shape.memory_share, 0.5);
  EXPECT_EQ(shape.kv_dtype, "fp8");
}

TEST(LaunchShape, TakesTheLastOfTwoValuesAndNoneThatIsNoNumber) {
  EXPECT_EQ(flag_value({"--tp", "2", "--tp=4"}, {"--tp"}), "4");
  EXPECT_FALSE(flag_value({"--tp"}, {"--tp"}).has_value()) << "the value is missing";
  engine::EngineSpec spec;
  spec.args = {"--tp", "many", "--gpu-memory-utilization", "7", "--kv-cache-dtype", "auto"};
  EXPECT_EQ(launch_shape(spec).split, 1U);
  EXPECT_FALSE(launch_shape(spec).memory_share.has_value());
  EXPECT_EQ(launch_shape(spec).kv_dtype, "");
}

TEST(LaunchShape, KnowsWhoComputesOnTheCpu) {
  engine::EngineSpec spec;
  spec.kind = "vllm";
  EXPECT_FALSE(asks_for_cpu(spec));
  spec.env = {{"VLLM_CPU_KVCACHE_SPACE", "1"}};
  EXPECT_TRUE(asks_for_cpu(spec));
  spec.env = {{"VLLM_LOGGING_LEVEL", "INFO"}};
  EXPECT_FALSE(asks_for_cpu(spec));
  spec.args = {"--device", "cpu"};
  EXPECT_TRUE(asks_for_cpu(spec));
  spec.args.clear();
  spec.image = "vllm/vllm-openai-cpu:v0.33.0";
  EXPECT_TRUE(asks_for_cpu(spec));
  spec.image = "lmsysorg/sglang:v0.5.16-xeon";
  EXPECT_TRUE(asks_for_cpu(spec));
  spec.image = "vllm/vllm-openai:v0.33.0";
  EXPECT_FALSE(asks_for_cpu(spec));
  spec.image = "acme/vllm-cpuoffload:v1";
  EXPECT_FALSE(asks_for_cpu(spec)) << "no word of its own";
  spec.kind = "llama-cpp";
  spec.args = {"--device", "none"};
  EXPECT_TRUE(asks_for_cpu(spec));
}

TEST(LaunchShape, KnowsWhoAsksForAGpu) {
  engine::EngineSpec spec;
  spec.kind = "llama-cpp";
  EXPECT_FALSE(asks_for_gpu(spec));
  spec.args = {"-ngl", "0"};
  EXPECT_FALSE(asks_for_gpu(spec));
  spec.args = {"-ngl", "99"};
  EXPECT_TRUE(asks_for_gpu(spec));
  spec.kind = "transformers";
  spec.args = {"--device", "cuda:0"};
  EXPECT_TRUE(asks_for_gpu(spec));
}

TEST(LaunchShape, WritesSizes) {
  EXPECT_EQ(size_text(109e9), "101.5 GiB");  // 109e9 / 2^30 = 101.51
  EXPECT_EQ(size_text(1024.0 * 1024.0 * 1.5), "1.5 MiB");
}

}  // namespace
}  // namespace tokamark::doctor
