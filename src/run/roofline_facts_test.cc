#include "run/roofline_facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "base/files.h"
#include "roofline/bounds.h"
#include "sim/profile.h"
#include "sim/roofline.h"

namespace tokamark::run {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

/// One engine, its model, and what is known of both.
struct Engine {
  engine::EngineSpec spec;
  engine::ModelSpec model;
  json settings = json::object();
  std::vector<std::string> gpus{"NVIDIA H100 80GB HBM3"};

  [[nodiscard]] json facts() const { return roofline_facts({spec, model, settings, gpus}); }
  [[nodiscard]] std::string reason(const char* which) const {
    return facts().at(which).value("reason", "");
  }
};

Engine simulated(const std::string& profile) {
  Engine engine;
  engine.spec.kind = "simulated";
  engine.spec.profile = profile;
  return engine;
}

/// A vLLM with a checkpoint of two layers: 2 x 2 KV heads x 4 x 2 = 32 numbers a token.
class RooflineFacts : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              ("tokamark-roofline-" + std::to_string(::getpid()));
    ASSERT_TRUE(base::make_folder(folder_).has_value());
    write_config("{}");
    const json header{{"lm_head.weight", {{"data_offsets", {0, 1000}}}},
                      {"model.embed_tokens.weight", {{"data_offsets", {1000, 1500}}}}};
    const std::string text = header.dump();
    std::string file(8, '\0');
    file[0] = static_cast<char>(text.size());
    ASSERT_LT(text.size(), 128U);
    write("model.safetensors", file + text);
    engine_.spec.kind = "vllm";
    engine_.model.name = "m";
    engine_.model.path = folder_.string();
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) const {
    ASSERT_TRUE(base::write_file_atomic(folder_ / name, text).has_value());
  }
  void write_config(const std::string& more) const {
    json config{{"model_type", "llama"},    {"hidden_size", 8},         {"num_attention_heads", 2},
                {"num_key_value_heads", 2}, {"num_hidden_layers", 2},   {"intermediate_size", 16},
                {"vocab_size", 100},        {"torch_dtype", "bfloat16"}};
    config.update(json::parse(more));
    write("config.json", config.dump());
  }
  void set(const char* name, const json& value) {
    engine_.settings[name] = {{"value", value}, {"source", "log"}};
  }

  std::filesystem::path folder_;
  Engine engine_;
};

TEST_F(RooflineFacts, ComeFromTheCheckpointAndTheGpu) {
  const json facts = engine_.facts();
  EXPECT_DOUBLE_EQ(facts.at("model_facts").at("dense_bytes").get<double>(), 1000);
  EXPECT_DOUBLE_EQ(facts.at("model_facts").at("kv_bytes_per_token").get<double>(), 64);
  EXPECT_EQ(facts.at("model_facts").at("multiplied"), "bf16");
  EXPECT_DOUBLE_EQ(facts.at("gpu_facts").at("memory_bytes_per_s").get<double>(), 3.35e12);
  EXPECT_DOUBLE_EQ(facts.at("gpu_facts").at("flops_per_s").get<double>(), 989.5e12);
  EXPECT_EQ(facts.at("gpu_facts").at("name"), "NVIDIA H100 80GB HBM3");
}

TEST_F(RooflineFacts, FollowTheTypeOfTheCache) {
  set("kv_cache_dtype", "fp8");
  EXPECT_EQ(engine_.facts()["model_facts"]["kv_bytes_per_token"], 32);
  set("kv_cache_dtype", "bf16");
  EXPECT_EQ(engine_.facts()["model_facts"]["kv_bytes_per_token"], 64);
  set("kv_cache_dtype", "turbo");
  EXPECT_THAT(engine_.reason("model_facts"), HasSubstr("\"turbo\""));
}

// A quantised checkpoint may bring an FP8 cache of its own, so a bound takes one byte a number.
TEST_F(RooflineFacts, TakeTheNarrowestCacheWhereAQuantisedModelDoesNotSay) {
  write_config(R"({"quantization_config": {"quant_method": "fp8"}})");
  set("kv_cache_dtype", "auto");
  set("quantization", "fp8");
  const json facts = engine_.facts();
  EXPECT_EQ(facts["model_facts"]["kv_bytes_per_token"], 32);
  EXPECT_DOUBLE_EQ(facts["gpu_facts"]["flops_per_s"].get<double>(), 1979e12);
}

TEST_F(RooflineFacts, RefuseWeightsThatTheEngineChanges) {
  set("quantization", "fp8");
  EXPECT_THAT(engine_.reason("model_facts"), HasSubstr("quantises"));
  engine_.settings.erase("quantization");
  set("dtype", "f32");
  EXPECT_THAT(engine_.reason("model_facts"), HasSubstr("32 bits"));
}

TEST_F(RooflineFacts, AddUpTheGpusOfATensorParallelEngine) {
  engine_.gpus.push_back(engine_.gpus.front());
  EXPECT_THAT(engine_.reason("gpu_facts"), HasSubstr("how many"));
  set("tensor_parallel", 2);
  EXPECT_DOUBLE_EQ(engine_.facts()["gpu_facts"]["memory_bytes_per_s"].get<double>(), 6.7e12);
  set("tensor_parallel", 1);
  EXPECT_DOUBLE_EQ(engine_.facts()["gpu_facts"]["memory_bytes_per_s"].get<double>(), 3.35e12);
}

// Two copies of two GPUs each are four GPUs: over two of them, output a GPU would be twice as high.
TEST_F(RooflineFacts, CountTheGpusOfEveryCopyAndStage) {
  engine_.gpus.assign(8, engine_.gpus.front());
  set("tensor_parallel", 2);
  engine_.spec.args = {"--tensor-parallel-size", "2", "--data-parallel-size", "2"};
  EXPECT_EQ(engine_.facts()["gpu_facts"]["count"], 4.0);
  EXPECT_DOUBLE_EQ(engine_.facts()["gpu_facts"]["memory_bytes_per_s"].get<double>(), 13.4e12);
  engine_.spec.args = {"--pp-size=4"};  // the tensor parallelism is the one in force
  EXPECT_EQ(engine_.facts()["gpu_facts"]["count"], 8.0);
  engine_.spec.args = {"--dp", "8"};
  EXPECT_EQ(engine_.reason("gpu_facts"), "the engine was told to use 16 GPUs, this machine has 8");
  engine_.spec.args = {"--dp", "2", "--enable-dp-attention"};
  EXPECT_EQ(engine_.facts()["gpu_facts"]["count"], 2.0);
  engine_.spec.args = {"--config", "more.yaml"};
  EXPECT_THAT(engine_.reason("gpu_facts"), HasSubstr("--config"));
  engine_.spec.args = {"-pcp", "2"};
  EXPECT_THAT(engine_.reason("gpu_facts"), HasSubstr("context parallelism"));
  engine_.gpus.resize(1);
  EXPECT_EQ(engine_.facts()["gpu_facts"]["count"], 1.0);
}

TEST_F(RooflineFacts, OfAnEngineOnTheCpuHaveNoGpu) {
  engine_.spec.args = {"--device", "cpu"};
  EXPECT_EQ(engine_.reason("gpu_facts"), "the engine was told to compute on the CPU");
}

TEST_F(RooflineFacts, RefuseUnknownGpus) {
  engine_.gpus = {"NVIDIA H20"};
  EXPECT_EQ(engine_.reason("gpu_facts"),
            "the published peaks of \"NVIDIA H20\" are not known here");
  engine_.gpus = {"NVIDIA H200", "NVIDIA L4"};
  EXPECT_THAT(engine_.reason("gpu_facts"), HasSubstr("not all the same"));
  engine_.gpus.clear();
  EXPECT_EQ(engine_.reason("gpu_facts"), "there is no GPU");
}

TEST_F(RooflineFacts, RefuseModelsThatAreNotHereOrNotInAFolder) {
  engine_.spec.model = (folder_ / "model.gguf").string();
  EXPECT_EQ(engine_.reason("model_facts"), "the weights are not on this machine");
  write("model.gguf", "GGUF");
  EXPECT_THAT(engine_.reason("model_facts"), HasSubstr("model.gguf"));
}

TEST(SimulatedRoofline, HasTheFactsOfItsProfile) {
  const json facts = simulated("llama4-scout-h200-vllm").facts();
  EXPECT_EQ(facts["model_facts"]["source"], "simulated profile llama4-scout-h200-vllm");
  EXPECT_DOUBLE_EQ(facts["gpu_facts"]["memory_bytes_per_s"].get<double>(), 4.8e12);
}

TEST(SimulatedRoofline, RefusesAnotherSpeedAndAnAttachedServer) {
  Engine fast = simulated("tiny-vllm");
  fast.spec.args = {"--speed", "10"};
  EXPECT_THAT(fast.reason("model_facts"), HasSubstr("--speed"));
  EXPECT_THAT(fast.reason("gpu_facts"), HasSubstr("--speed"));
  Engine other;
  other.spec.kind = "openai";
  EXPECT_THAT(other.reason("model_facts"), HasSubstr("somebody else"));
}

// Without an overhead a memory-bound step takes its bytes over 75 % of the bandwidth.
TEST(SimulatedRoofline, GivesAProfileWithoutOverheadItsStatedEfficiency) {
  sim::Profile profile = sim::find_profile("llama4-scout-h200-vllm").value();
  profile.engine.step_overhead = base::Nanos{0};
  sim::StepWork work;
  work.add_decode(300);
  const double taken_s = base::to_seconds(sim::step_time(profile, work).total);
  const double bound_s = roofline::decode_bound(profile.model, profile.gpu, {1, 300}).seconds;
  EXPECT_NEAR(bound_s / taken_s, 0.75, 1e-6);
}

}  // namespace
}  // namespace tokamark::run
