#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "doctor/launch_shape.h"
#include "doctor/model_facts.h"
#include "engine/spec.h"
#include "probe/check.h"

namespace tokamark::doctor {

using probe::Check;
using probe::CheckStatus;

/// Bytes that one parameter takes in a precision, scales of blocks included: 1 for "fp8", 2 for
/// "bf16", 0.5625 for "q4_0" (18 bytes for 32 weights). Empty for a word that is not known.
std::optional<double> bytes_per_parameter(const std::string& precision);

/// Bytes of one copy of the weights, and the sum that they come from.
struct WeightsSize {
  double bytes = 0;
  std::string sum;  ///< "109 x 10^9 parameters x 1 byte (fp8) = 101.5 GiB"
};
/// From the study's parameters and precision (or what the engine is told to quantise to), else
/// from the files. Empty when neither is known.
std::optional<WeightsSize> weights_size(const engine::EngineSpec& spec,
                                        const engine::ModelSpec& model, const ModelFacts& files);

/// The memory that holds weights, keys and values.
struct MemoryPlace {
  std::string name;  ///< "NVIDIA H200", "this machine's memory"; empty = there is none
  double bytes = 0;  ///< of one GPU
  enum class Kind { gpu, host };
  Kind kind = Kind::gpu;
};

/// What an engine wants to hold.
struct MemoryNeeds {
  std::string id;    ///< of the check
  std::string kind;  ///< of the engine: each takes its share in its own way
  LaunchShape shape;
  WeightsSize weights;
  std::optional<KvShape> kv;
  std::int64_t in_flight = 0;           ///< most requests of a closed load; 0 = not known
  std::int64_t tokens_per_request = 0;  ///< prompt and answer; 0 = not known
};

/// Weights, a reserve and keys and values against the memory, with the arithmetic. An error when
/// the weights do not fit, or not one sequence of the greatest length beside them; a warning when
/// the load's requests do not fit at once.
Check check_memory(const MemoryNeeds& needs, const MemoryPlace& place);

}  // namespace tokamark::doctor
