#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/error.h"

namespace tokamark::roofline {

/// In which types a checkpoint is stored and multiplied.
struct Quantization {
  std::string method;  ///< "modelopt", "awq", ...; empty = the checkpoint is not quantised
  /// What its tensor cores multiply: "bf16" (also where only the weights are narrow), "fp8",
  /// "int8" or "fp4".
  std::string multiplied = "bf16";
};

/// From `quantization_config` of config.json, else from `quantization` of hf_quant_config.json
/// (null when there is none). Errors of kind `engine` name a method that is not known here.
base::Result<Quantization> read_quantization(const nlohmann::json& config,
                                             const nlohmann::json& hf_quant_config);

}  // namespace tokamark::roofline
