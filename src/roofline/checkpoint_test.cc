#include "roofline/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "base/files.h"

namespace tokamark::roofline {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

/// A folder of a small model: two layers, hidden 8, 2 heads of 4 and 1 KV head, 4 experts of 16.
class CheckpointTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              ("tokamark-checkpoint-" + std::to_string(::getpid()));
    ASSERT_TRUE(base::make_folder(folder_).has_value());
    write("config.json", config_.dump());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) const {
    ASSERT_TRUE(base::write_file_atomic(folder_ / name, text).has_value());
  }

  /// A safetensors file with the header alone: the tensors are not read.
  void write_weights(const std::string& name, const std::map<std::string, int>& bytes) const {
    json header{{"__metadata__", {{"format", "pt"}}}};
    int at = 0;
    for (const auto& [tensor, size] : bytes) {
      header[tensor] = {{"dtype", "BF16"}, {"data_offsets", {at, at + size}}};
      at += size;
    }
    const std::string text = header.dump();
    std::string file(8, '\0');
    for (std::size_t i = 0; i < 8; ++i) file[i] = static_cast<char>(text.size() >> 8 * i & 0xFF);
    write(name, file + text);
  }

  [[nodiscard]] std::string problem() const {
    const auto read = read_checkpoint(folder_);
    return read.has_value() ? "" : read.error().message;
  }

  std::filesystem::path folder_;
  json config_{{"model_type", "mixtral"}, {"hidden_size", 8},         {"num_attention_heads", 2},
               {"head_dim", 4},           {"num_key_value_heads", 1}, {"num_hidden_layers", 2},
               {"intermediate_size", 16}, {"num_local_experts", 4},   {"num_experts_per_tok", 2},
               {"vocab_size", 100},       {"torch_dtype", "bfloat16"}};
  std::map<std::string, int> weights_{{"model.embed_tokens.weight", 1600},
                                      {"lm_head.weight", 1600},
                                      {"model.layers.0.self_attn.q_proj.weight", 128},
                                      {"model.layers.0.mlp.shared_experts.up_proj.weight", 10},
                                      {"model.layers.0.block_sparse_moe.experts.3.w1.weight", 800},
                                      {"vision_model.layers.0.weight", 5000}};
};

// Read by every token: head 1600, attention 128, shared expert 10. The experts' 800 bytes are 200
// for each of 4. The embedding and what images use are not read. Per layer a token is multiplied
// with 2 x 8 x 8 + 2 x 8 x 4 = 192 of attention, 2 x 3 x 8 x 16 of experts, 32 of the router.
TEST_F(CheckpointTest, KnowsWhatATokenReads) {
  write_weights("model.safetensors", weights_);
  const auto read = read_checkpoint(folder_);
  ASSERT_TRUE(read.has_value()) << read.error().message;
  const ModelFacts& facts = read.value().facts;
  EXPECT_DOUBLE_EQ(facts.dense_bytes, 1738);
  EXPECT_DOUBLE_EQ(facts.expert_bytes, 200);
  EXPECT_DOUBLE_EQ(facts.experts, 4);
  EXPECT_DOUBLE_EQ(facts.experts_per_token, 2);
  EXPECT_DOUBLE_EQ(facts.layer_parameters_per_token, 2 * (192 + 768 + 32));
  EXPECT_DOUBLE_EQ(facts.head_parameters, 800);
  EXPECT_DOUBLE_EQ(read.value().kv_elements_per_token, 2 * 2 * 4);
  EXPECT_DOUBLE_EQ(read.value().weight_bytes, 9138);
  EXPECT_EQ(read.value().multiplied, "bf16");
  EXPECT_FALSE(read.value().quantised);
}

TEST_F(CheckpointTest, ReadsAnEmbeddingThatIsTheHead) {
  weights_.erase("lm_head.weight");
  write_weights("model.safetensors", weights_);
  EXPECT_DOUBLE_EQ(read_checkpoint(folder_).value().facts.dense_bytes, 1738);
}

// Files that the index does not name, such as a second copy in another layout, do not count.
TEST_F(CheckpointTest, ReadsTheFilesOfTheIndex) {
  write_weights("one.safetensors", {{"lm_head.weight", 7}});
  write_weights("two.safetensors", {{"model.layers.0.block_sparse_moe.experts.0.w1", 8}});
  write_weights("consolidated.safetensors", weights_);
  write("model.safetensors.index.json",
        R"({"weight_map": {"a": "one.safetensors", "b": "two.safetensors"}})");
  EXPECT_DOUBLE_EQ(read_checkpoint(folder_).value().weight_bytes, 15);
}

TEST_F(CheckpointTest, SaysWhatModelOptQuantised) {
  write_weights("model.safetensors", weights_);
  write("hf_quant_config.json", R"({"quantization": {"quant_algo": "FP8"}})");
  const auto read = read_checkpoint(folder_);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read.value().multiplied, "fp8");
  EXPECT_TRUE(read.value().quantised);
}

TEST_F(CheckpointTest, RefusesWhatIsMissing) {
  EXPECT_THAT(problem(), HasSubstr("no safetensors files"));
  std::filesystem::remove(folder_ / "config.json");
  EXPECT_THAT(problem(), HasSubstr("no config.json"));
}

TEST_F(CheckpointTest, RefusesFilesThatAreNotSafetensors) {
  write("model.safetensors", "no");
  EXPECT_THAT(problem(), HasSubstr("cannot be read"));
  write("model.safetensors", "This is text and no length.");
  EXPECT_THAT(problem(), HasSubstr("is not a safetensors file"));
  write("model.safetensors", std::string("\x20\0\0\0\0\0\0\0{}", 10));
  EXPECT_THAT(problem(), HasSubstr("ends within its header"));
  write("model.safetensors", std::string("\x02\0\0\0\0\0\0\0[]", 10));
  EXPECT_THAT(problem(), HasSubstr("is not a safetensors file"));
}

TEST_F(CheckpointTest, RefusesWeightsThatContradictTheConfig) {
  weights_.erase("model.layers.0.block_sparse_moe.experts.3.w1.weight");
  write_weights("model.safetensors", weights_);
  EXPECT_EQ(problem(), "config.json and the weights do not agree on the experts");
}

TEST_F(CheckpointTest, RefusesWideWeightsThatAnEngineWouldNarrow) {
  config_["torch_dtype"] = "float32";
  write("config.json", config_.dump());
  write_weights("model.safetensors", weights_);
  EXPECT_THAT(problem(), HasSubstr("stored as \"float32\""));
}

}  // namespace
}  // namespace tokamark::roofline
