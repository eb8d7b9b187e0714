#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine/spec.h"

namespace tokamark::run {

/// What is known of an engine that runs, and of the machine under it.
struct RooflineQuestion {
  const engine::EngineSpec& spec;
  const engine::ModelSpec& model;
  const nlohmann::json& settings;        ///< in force, of the engine's info
  const std::vector<std::string>& gpus;  ///< names of this machine's GPUs
};

/// "model_facts" and "gpu_facts" (docs/RESULT_FORMAT.md): what the roofline of the engine is made
/// of, or {"reason": why it is not known}. Reads the model's config.json and the headers of its
/// weights; a simulated engine has the facts of its profile.
nlohmann::json roofline_facts(const RooflineQuestion& question);

}  // namespace tokamark::run
