#include "doctor/known_broken.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace tokamark::doctor {
namespace {

using Args = std::vector<std::string>;

struct Scene {
  engine::EngineSpec spec;
  engine::ModelSpec model;
  EngineFindings found;
  GpuFacts gpus;

  explicit Scene(const std::string& kind, Args args = {},
                 const std::string& name = "nvidia/Llama-4-Scout-17B-16E-Instruct-FP8") {
    spec.name = "e";
    spec.kind = kind;
    spec.args = std::move(args);
    model.name = name;
    gpus.gpus.resize(1);
  }

  /// What is broken, after "e.known.".
  [[nodiscard]] Args broken() const {
    Args ids;
    for (const Check& check : check_known_broken({spec, model, found, gpus})) {
      EXPECT_GE(check.status, CheckStatus::warning);
      EXPECT_NE(check.wanted, "") << check.id;
      EXPECT_NE(check.fix, "") << check.id;
      ids.push_back(check.id.substr(std::string("e.known.").size()));
    }
    return ids;
  }
};

TEST(KnownBroken, TheReferenceStudysFlagsAreFine) {
  EXPECT_EQ(Scene("vllm", {"--max-model-len", "8192", "--kv-cache-dtype", "fp8"}).broken(), Args{});
  EXPECT_EQ(Scene("sglang", {"--quantization", "modelopt_fp8"}).broken(), Args{});
  EXPECT_EQ(Scene("tensorrt-llm").broken(), Args{});
}

TEST(KnownBroken, BitsandbytesWithTheMixtureOfExpertsOfLlama4) {
  const Args args{"--max-model-len", "8192", "--quantization", "bitsandbytes"};
  EXPECT_EQ(Scene("vllm", args).broken(), Args{"bitsandbytes_moe"});
  EXPECT_EQ(Scene("vllm", args, "meta-llama/Llama-3.1-8B").broken(), Args{});
}

TEST(KnownBroken, AContextOfTenMillionTokens) {
  EXPECT_EQ(Scene("vllm").broken(), Args{"context"});
  EXPECT_EQ(Scene("vllm", {}, "meta-llama/Llama-3.1-8B").broken(), Args{});
}

TEST(KnownBroken, FlagsThatVllmRemovedOrThatRemoveItsCounters) {
  const std::string model = "smollm2";
  EXPECT_EQ(Scene("vllm", {"--disable-log-requests"}, model).broken(), Args{"log_requests"});
  EXPECT_EQ(Scene("vllm", {"--disable-log-stats"}, model).broken(), Args{"log_stats"});
  EXPECT_EQ(Scene("sglang", {"--disable-log-requests"}, model).broken(), Args{});
}

TEST(KnownBroken, AttentionThatSglangRefusesForLlama4) {
  EXPECT_EQ(Scene("sglang", {"--attention-backend", "flashinfer"}).broken(), Args{"attention"});
  EXPECT_EQ(Scene("sglang", {"--attention-backend", "fa3"}).broken(), Args{});
  EXPECT_EQ(Scene("sglang", {"--attention-backend", "flashinfer"}, "qwen").broken(), Args{});
}

TEST(KnownBroken, SglangOnTheCpuWithoutItsKernels) {
  Scene scene("sglang", {"--device", "cpu"});
  EXPECT_EQ(scene.broken(), Args{"cpu_kernels"});
  scene.found.distributions["sglang-kernel-cpu"] = "0.3";
  EXPECT_EQ(scene.broken(), Args{});
}

TEST(KnownBroken, TensorRtLlmWithoutAGpu) {
  Scene scene("tensorrt-llm");
  scene.gpus.gpus.clear();
  EXPECT_EQ(scene.broken(), Args{"no_gpu"});
}

TEST(KnownBroken, Fp8InLlamaCpp) {
  Scene scene("llama-cpp");
  scene.model.precision = "fp8";
  EXPECT_EQ(scene.broken(), Args{"fp8"});
  scene.spec.model = "scout-q4_0.gguf";
  EXPECT_EQ(scene.broken(), Args{});
}

TEST(KnownBroken, TwoEnginesInOneVenv) {
  Scene one("vllm"), other("sglang");
  const auto shared = [&] {
    return check_shared_venvs({{one.spec, one.model, one.found, one.gpus},
                               {other.spec, other.model, other.found, other.gpus}});
  };
  EXPECT_TRUE(shared().empty()) << "no venv at all";
  one.spec.venv = "venvs/a";
  other.spec.venv = "venvs/../venvs/a";
  other.spec.name = "later";
  ASSERT_EQ(shared().size(), 1U);
  EXPECT_EQ(shared()[0].id, "later.known.shared_venv");
  other.spec.kind = "vllm";
  EXPECT_TRUE(shared().empty()) << "twice the same engine";
  other.spec.kind = "sglang";
  other.spec.venv = "venvs/b";
  EXPECT_TRUE(shared().empty());
}

}  // namespace
}  // namespace tokamark::doctor
