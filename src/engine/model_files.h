#pragma once

#include <filesystem>

#include "engine/effective.h"

namespace tokamark::engine {

/// Hashes of what is loaded from this machine, as "weights" and "tokenizer": a folder's
/// safetensors and tokenizer.json, or a GGUF file, which holds both. A file of the hub's cache is
/// named by its SHA-256 already. Weights above 4 GiB are hashed in part, and say so. Nothing for
/// what is not here.
void read_model_files(const std::filesystem::path& location, EffectiveSettings& settings);

/// The folder in the hub's cache that holds a model's current snapshot; empty when there is none.
std::filesystem::path hub_snapshot(const std::filesystem::path& cache, const std::string& model);

}  // namespace tokamark::engine
