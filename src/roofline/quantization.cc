#include "roofline/quantization.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace tokamark::roofline {

namespace {

using Json = nlohmann::json;

std::string lower_text(const Json& json, const char* name) {
  const auto at = json.find(name);
  if (at == json.end() || !at->is_string()) return "";
  auto word = at->get<std::string>();
  std::transform(word.begin(), word.end(), word.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return word;
}

/// The type that activations are brought to; a group that leaves them alone multiplies 16 bits.
std::string compressed_tensors_type(const Json& quantization) {
  const auto groups = quantization.find("config_groups");
  if (groups == quantization.end() || !groups->is_object() || groups->empty()) return "";
  std::string type;
  for (const auto& [name, group] : groups->items()) {
    std::string found = "bf16";
    const auto at = group.is_object() ? group.find("input_activations") : group.end();
    if (group.is_object() && at != group.end() && at->is_object()) {
      const bool real = lower_text(*at, "type") == "float";
      const auto bits = at->value("num_bits", Json(nullptr));
      found = bits == 8 ? (real ? "fp8" : "int8") : bits == 4 && real ? "fp4" : "";
    }
    if (found.empty() || (!type.empty() && type != found)) return "";  // two types: neither
    type = found;
  }
  return type;
}

std::string modelopt_type(const std::string& algorithm) {
  if (algorithm.rfind("fp8", 0) == 0) return "fp8";
  if (algorithm == "nvfp4") return "fp4";
  return algorithm == "w4a16_awq" || algorithm == "int4_awq" ? "bf16" : "";
}

}  // namespace

base::Result<Quantization> read_quantization(const Json& config, const Json& hf_quant_config) {
  Json found;
  if (config.is_object()) found = config.value("quantization_config", Json());
  if (found.is_null() && hf_quant_config.is_object()) {
    found = hf_quant_config.value("quantization", Json());
    if (found.is_object()) found["quant_method"] = "modelopt";
  }
  if (found.is_null()) return Quantization{};
  std::string method = found.is_object() ? lower_text(found, "quant_method") : "";
  std::string type;
  if (method == "fp8" || method == "fbgemm_fp8") {
    type = "fp8";
  } else if (method.rfind("modelopt", 0) == 0) {
    type = modelopt_type(lower_text(found, "quant_algo"));
  } else if (method == "compressed-tensors") {
    type = compressed_tensors_type(found);
  } else if (method == "awq" || method == "gptq" || method == "bitsandbytes") {
    type = "bf16";
  }
  if (type.empty()) {
    return base::Error{base::ErrorKind::engine,
                       fmt::format("what a checkpoint quantised by \"{}\" multiplies is not known "
                                   "here",
                                   method)};
  }
  return Quantization{std::move(method), std::move(type)};
}

}  // namespace tokamark::roofline
