#pragma once

#include <optional>
#include <string>
#include <vector>

#include "doctor/memory_check.h"
#include "doctor/model_facts.h"
#include "probe/check.h"

namespace tokamark::doctor {

/// What is to be judged of the weights that some engines load.
struct ModelCase {
  std::string prefix;   ///< "model", or the engine's name where its weights are others
  std::string engines;  ///< that load them: "vllm, sglang"
  const ModelFacts& facts;
  std::optional<WeightsSize> size;
};

/// PREFIX.files; and of what is not here yet, PREFIX.access and PREFIX.disk.
std::vector<Check> check_model(const ModelCase& model);

/// "disk.results": room where the results go.
Check check_results_disk(std::optional<std::int64_t> free_bytes);

}  // namespace tokamark::doctor
