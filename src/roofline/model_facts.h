#pragma once

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace tokamark::roofline {

/// What a step of inference must read and compute. Parameters and bytes are of the weights as
/// stored.
struct ModelFacts {
  double dense_bytes = 0;        ///< read by every step: attention, shared experts, router, head
  double expert_bytes = 0;       ///< one routed expert, summed over the layers; 0 for a dense model
  double experts = 1;            ///< routed experts a layer
  double experts_per_token = 1;  ///< top-k
  double layer_parameters_per_token = 0;  ///< parameters in the layers that one token uses
  double head_parameters = 0;             ///< parameters of the output head
  double attention_flops_per_pair = 0;    ///< FLOPs of one query-key pair over all layers and heads
  double kv_bytes_per_token = 0;
};

/// What the memory and the arithmetic units can do at most.
struct Ceilings {
  double memory_bytes_per_s = 0;
  double flops_per_s = 0;  ///< dense, in the type that is multiplied
};

/// Objects with the fields' names.
nlohmann::json to_json(const ModelFacts& facts);
nlohmann::json to_json(const Ceilings& ceilings);

/// The inverse. Errors have kind `study` and name the field that is missing, or not a finite
/// number in its range: above 0 for what is divided by, else not below 0.
base::Result<ModelFacts> model_facts_from_json(const nlohmann::json& json);
base::Result<Ceilings> ceilings_from_json(const nlohmann::json& json);

}  // namespace tokamark::roofline
