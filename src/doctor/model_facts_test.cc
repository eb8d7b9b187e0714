#include "doctor/model_facts.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace tokamark::doctor {
namespace {

namespace fs = std::filesystem;

/// A hub cache of our own.
class ModelFiles : public testing::Test {
 protected:
  void SetUp() override {
    // Tests of one fixture run beside each other, each in its own process.
    root_ = fs::path(testing::TempDir()) / ("doctor-hub-" + std::to_string(::getpid()));
    fs::remove_all(root_);
    spec_.env = {{"HF_HUB_CACHE", root_.string()}, {"HF_HUB_OFFLINE", "0"}};
    model_.name = "org/model";
  }
  void TearDown() override { fs::remove_all(root_); }

  void write(const fs::path& path, const std::string& text) {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }
  [[nodiscard]] ModelFacts find() const { return find_model(spec_, model_); }

  fs::path root_;
  engine::EngineSpec spec_;
  engine::ModelSpec model_;
};

const fs::path kModel = "models--org--model";

TEST_F(ModelFiles, AreFoundInTheCachesLayout) {
  EXPECT_TRUE(find().held.empty());
  EXPECT_EQ(find().form, ModelFacts::Form::hub_id);
  write(kModel / "refs/main", "c0ffee\n");
  write(kModel / "snapshots/c0ffee/model.safetensors", "12345");
  write(kModel / "snapshots/c0ffee/config.json",
        R"({"num_hidden_layers":2,"num_attention_heads":4,"hidden_size":32})");
  const ModelFacts facts = find();
  EXPECT_EQ(facts.held, root_ / kModel / "snapshots/c0ffee");
  EXPECT_EQ(facts.weight_bytes, 5);
  ASSERT_TRUE(facts.kv.has_value());
  EXPECT_EQ(facts.kv->elements_per_token, 2 * 4 * 8 * 2);
  model_.revision = "c0ffee";
  EXPECT_FALSE(find().held.empty()) << "a commit is its own name";
  model_.revision = "v2";
  EXPECT_TRUE(find().held.empty());
}

TEST_F(ModelFiles, AnUnfinishedDownloadIsNone) {
  write(kModel / "refs/main", "c0ffee");
  const fs::path snapshot = kModel / "snapshots/c0ffee";
  write(snapshot / "model-00001-of-00002.safetensors", "1");
  write(snapshot / "model.safetensors.index.json",
        R"({"weight_map":{"a":"model-00001-of-00002.safetensors",
                          "b":"model-00002-of-00002.safetensors"}})");
  EXPECT_TRUE(find().held.empty());
  EXPECT_EQ(find().lacks, "model-00002-of-00002.safetensors");
  write(snapshot / "model-00002-of-00002.safetensors", "2");
  EXPECT_EQ(find().weight_bytes, 2);
}

TEST_F(ModelFiles, APathIsNotLookedForInTheCache) {
  write("local/weights.gguf", "1234");
  model_.path = (root_ / "local/weights.gguf").string();
  EXPECT_EQ(find().form, ModelFacts::Form::path);
  EXPECT_EQ(find().weight_bytes, 4);
  model_.path = (root_ / "local").string();
  EXPECT_EQ(find().weight_bytes, 4);
  model_.path = (root_ / "nowhere").string();
  EXPECT_TRUE(find().held.empty());
  EXPECT_EQ(find().lacks, "");
}

TEST_F(ModelFiles, TheEnginesVariablesComeFirst) {
  spec_.env["HF_HUB_OFFLINE"] = "1";
  EXPECT_TRUE(find().offline);
}

TEST_F(ModelFiles, ATokenIsFoundAndNotShown) {
  spec_.env["HF_TOKEN"] = "hf_secret";
  EXPECT_EQ(find().token_from, "$HF_TOKEN");
  spec_.env["HF_TOKEN"] = spec_.env["HUGGING_FACE_HUB_TOKEN"] = "";
  spec_.env["HF_TOKEN_PATH"] = (root_ / "token").string();
  EXPECT_EQ(find().token_from, "");
  write("token", "hf_secret\n");
  EXPECT_EQ(find().token_from, (root_ / "token").string());
}

TEST(KvShape, OfAMultimodalModelIsThatOfItsText) {
  // Llama 4 Scout: 2 x 8 x 128 x 48 = 98,304 elements a token.
  const auto scout = parse_kv_shape(
      R"({"text_config":{"num_hidden_layers":48,"num_attention_heads":40,"hidden_size":5120,
          "num_key_value_heads":8,"head_dim":128,"attention_chunk_size":8192}})");
  ASSERT_TRUE(scout.has_value());
  EXPECT_EQ(scout->elements_per_token, 98'304);
  EXPECT_EQ(scout->window, 8192);
}

TEST(KvShape, OfLatentAttentionIsItsRank) {
  // DeepSeek-V3: (512 + 64) x 61 layers.
  const auto shape = parse_kv_shape(
      R"({"num_hidden_layers":61,"num_attention_heads":128,"kv_lora_rank":512,
          "qk_rope_head_dim":64})");
  ASSERT_TRUE(shape.has_value());
  EXPECT_EQ(shape->elements_per_token, 576 * 61);
}

TEST(KvShape, IsNotGuessed) {
  EXPECT_FALSE(parse_kv_shape("").has_value());
  EXPECT_FALSE(parse_kv_shape("[]").has_value());
  EXPECT_FALSE(parse_kv_shape(R"({"num_hidden_layers":4})").has_value());
  EXPECT_FALSE(parse_kv_shape(R"({"num_hidden_layers":4,"num_attention_heads":0})").has_value());
}

TEST(FreeBytes, AreThoseOfTheNearestFolderThatExists) {
  const auto here = free_bytes(testing::TempDir());
  ASSERT_TRUE(here.has_value());
  EXPECT_TRUE(free_bytes(fs::path(testing::TempDir()) / "not" / "yet").has_value());
}

}  // namespace
}  // namespace tokamark::doctor
