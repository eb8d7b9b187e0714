#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/error.h"
#include "roofline/model_facts.h"

namespace tokamark::roofline {

/// What a model on this machine's disk says of itself.
struct Checkpoint {
  ModelFacts facts;  ///< without `kv_bytes_per_token`, which the engine's cache type decides
  double kv_elements_per_token = 0;
  double weight_bytes = 0;             ///< all tensors, what a step does not read included
  std::string multiplied;              ///< "bf16", "fp8", "int8" or "fp4"
  bool quantised = false;              ///< the checkpoint is, and not only the running engine
  std::optional<std::int64_t> window;  ///< tokens to which some layers' attention is limited
};

/// Reads config.json, hf_quant_config.json and the headers of the safetensors files of a folder in
/// the Hugging Face layout; the tensors themselves are not read. Bytes are exact, from the
/// headers: a step reads all but the input embedding (unless it is the output head too), what only
/// images use, and the experts that no token picks. Errors have kind `engine` and say what is
/// missing or not known.
base::Result<Checkpoint> read_checkpoint(const std::filesystem::path& folder);

}  // namespace tokamark::roofline
