#include "roofline/quantization.h"

#include <gtest/gtest.h>

namespace tokamark::roofline {
namespace {

using nlohmann::json;

std::string multiplied(const json& config, const json& other = nullptr) {
  const auto read = read_quantization(config, other);
  return read.has_value() ? read.value().multiplied : "error: " + read.error().message;
}

json quantized(json quantization) { return {{"quantization_config", std::move(quantization)}}; }

json group(json activations) {
  return quantized({{"quant_method", "compressed-tensors"},
                    {"config_groups", {{"group_0", {{"input_activations", activations}}}}}});
}

TEST(Quantization, NoneMultipliesSixteenBits) {
  const auto read = read_quantization(json::object(), nullptr);
  EXPECT_EQ(read.value().multiplied, "bf16");
  EXPECT_EQ(read.value().method, "");
}

TEST(Quantization, OfModelOptIsInAFileOfItsOwn) {
  const json file{{"quantization", {{"quant_algo", "FP8"}, {"kv_cache_quant_algo", "FP8"}}}};
  EXPECT_EQ(multiplied(json::object(), file), "fp8");
  EXPECT_EQ(read_quantization(json::object(), file).value().method, "modelopt");
  EXPECT_EQ(multiplied(quantized({{"quant_method", "modelopt"}, {"quant_algo", "NVFP4"}})), "fp4");
}

TEST(Quantization, OfWeightsAloneMultipliesSixteenBits) {
  EXPECT_EQ(multiplied(quantized({{"quant_method", "awq"}, {"bits", 4}})), "bf16");
  EXPECT_EQ(multiplied(group(nullptr)), "bf16");
}

TEST(Quantization, OfCompressedTensorsIsTheActivations) {
  EXPECT_EQ(multiplied(group({{"num_bits", 8}, {"type", "float"}})), "fp8");
  EXPECT_EQ(multiplied(group({{"num_bits", 8}, {"type", "int"}})), "int8");
}

TEST(Quantization, ThatIsNotKnownIsRefused) {
  EXPECT_EQ(multiplied(quantized({{"quant_method", "magic"}})),
            "error: what a checkpoint quantised by \"magic\" multiplies is not known here");
  EXPECT_EQ(multiplied(group({{"num_bits", 6}, {"type", "float"}})).substr(0, 5), "error");
  EXPECT_EQ(multiplied(quantized("fp8")).substr(0, 5), "error");
  // Two groups of different types.
  json mixed = group({{"num_bits", 8}, {"type", "float"}});
  mixed["quantization_config"]["config_groups"]["group_1"] = {{"input_activations", nullptr}};
  EXPECT_EQ(multiplied(mixed).substr(0, 5), "error");
}

}  // namespace
}  // namespace tokamark::roofline
