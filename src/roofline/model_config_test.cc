#include "roofline/model_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tokamark::roofline {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

/// meta-llama/Llama-3.1-8B, what is read of it.
json llama_8b() {
  return {{"model_type", "llama"},    {"hidden_size", 4096},       {"num_attention_heads", 32},
          {"num_key_value_heads", 8}, {"num_hidden_layers", 32},   {"intermediate_size", 14336},
          {"vocab_size", 128256},     {"torch_dtype", "bfloat16"}, {"tie_word_embeddings", false}};
}

/// meta-llama/Llama-4-Scout-17B-16E-Instruct: the text part is nested.
json scout() {
  return {{"model_type", "llama4"},
          {"torch_dtype", "bfloat16"},
          {"vision_config", {{"hidden_size", 1408}, {"num_hidden_layers", 34}}},
          {"text_config",
           {{"model_type", "llama4_text"},
            {"hidden_size", 5120},
            {"num_attention_heads", 40},
            {"num_key_value_heads", 8},
            {"head_dim", 128},
            {"num_hidden_layers", 48},
            {"intermediate_size", 8192},
            {"intermediate_size_mlp", 16384},
            {"interleave_moe_layer_step", 1},
            {"num_local_experts", 16},
            {"num_experts_per_tok", 1},
            {"attention_chunk_size", 8192},
            {"vocab_size", 202048}}}};
}

// Attention 2 x 4096 x 4096 + 2 x 4096 x 1024 = 41.9 M, feed-forward 3 x 4096 x 14336 = 176.2 M:
// 218,103,808 in each of 32 layers. With two embeddings of 525,336,576 and 266,240 numbers of
// norms that is the model's 8,030,261,248 parameters.
TEST(ModelConfig, CountsTheParametersOfADenseLlama) {
  const ModelShape shape = shape_from_config(llama_8b()).value();
  EXPECT_DOUBLE_EQ(shape.layer_parameters_per_token(), 6'979'321'856.0);
  EXPECT_DOUBLE_EQ(shape.layer_parameters_per_token() + 2 * 525'336'576.0 + 266'240,
                   8'030'261'248.0);
  // A head is 4096 / 32 = 128 wide: 2 x 32 layers x 8 x 128 numbers a token.
  EXPECT_DOUBLE_EQ(shape.kv_elements_per_token(), 65'536);
  EXPECT_DOUBLE_EQ(shape.attention_flops_per_pair(), 4.0 * 32 * 32 * 128);
  EXPECT_EQ(shape.type, "bfloat16");
  EXPECT_FALSE(shape.window.has_value());
}

// A token uses attention 62,914,560, one routed and one shared expert of 3 x 5120 x 8192, and the
// router 5120 x 16, in each of 48 layers: 15.1 G; with head and embedding the "17B active".
TEST(ModelConfig, ReadsTheNestedTextPartOfScout) {
  const ModelShape shape = shape_from_config(scout()).value();
  EXPECT_DOUBLE_EQ(shape.expert_layers, 48);
  EXPECT_DOUBLE_EQ(shape.dense_layers, 0);
  EXPECT_DOUBLE_EQ(shape.layer_parameters_per_token(),
                   48 * (62'914'560.0 + 2 * 125'829'120.0 + 81'920.0));
  EXPECT_DOUBLE_EQ(shape.kv_elements_per_token(), 98'304);
  EXPECT_EQ(shape.window, 8192);
  EXPECT_EQ(shape.type, "bfloat16");
}

// Every second layer has experts; the others are 16,384 wide.
TEST(ModelConfig, InterleavesDenseLayers) {
  json maverick = scout();
  maverick["text_config"]["interleave_moe_layer_step"] = 2;
  const ModelShape shape = shape_from_config(maverick).value();
  EXPECT_DOUBLE_EQ(shape.expert_layers, 24);
  EXPECT_DOUBLE_EQ(shape.dense_layers, 24);
  EXPECT_DOUBLE_EQ(
      shape.layer_parameters_per_token(),
      48 * 62'914'560.0 + 24 * (2 * 125'829'120.0 + 81'920.0) + 24 * 3.0 * 5120 * 16384);
}

// Qwen3-30B-A3B: 128 experts of 768, 8 a token, none shared; attention 2 x 2048 x 32 x 128 +
// 2 x 2048 x 4 x 128 = 18,874,368; experts 8 x 3 x 2048 x 768 = 37,748,736; router 262,144.
TEST(ModelConfig, ReadsQwenExperts) {
  const json qwen{{"model_type", "qwen3_moe"},
                  {"hidden_size", 2048},
                  {"num_attention_heads", 32},
                  {"num_key_value_heads", 4},
                  {"head_dim", 128},
                  {"num_hidden_layers", 48},
                  {"intermediate_size", 6144},
                  {"moe_intermediate_size", 768},
                  {"num_experts", 128},
                  {"num_experts_per_tok", 8},
                  {"decoder_sparse_step", 1},
                  {"mlp_only_layers", json::array()},
                  {"vocab_size", 151936},
                  {"torch_dtype", "bfloat16"},
                  {"use_sliding_window", false},
                  {"sliding_window", 4096}};
  const ModelShape shape = shape_from_config(qwen).value();
  EXPECT_DOUBLE_EQ(shape.layer_parameters_per_token(),
                   48 * (18'874'368.0 + 37'748'736.0 + 262'144.0));
  EXPECT_FALSE(shape.window.has_value());  // there, but switched off
}

TEST(ModelConfig, RefusesWhatItCannotCount) {
  json other = llama_8b();
  other["model_type"] = "deepseek_v3";
  EXPECT_THAT(shape_from_config(other).error().message, HasSubstr("\"deepseek_v3\""));
  json less = llama_8b();
  less.erase("intermediate_size");
  EXPECT_EQ(shape_from_config(less).error().message, "config.json has no number intermediate_size");
  json more = scout();
  more["text_config"]["num_experts_per_tok"] = 17;
  EXPECT_FALSE(shape_from_config(more).has_value());
  EXPECT_FALSE(shape_from_config(json::array()).has_value());
  EXPECT_FALSE(shape_from_config(nullptr).has_value());
}

}  // namespace
}  // namespace tokamark::roofline
