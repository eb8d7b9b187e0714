#pragma once

#include <filesystem>
#include <vector>

#include "engine/effective.h"
#include "engine/spec.h"

namespace tokamark::engine {

/// Where the weights lie that an engine loads: its path, or the hub model's snapshot in the cache
/// that the engine reads, which for one in an image is the mounted one. It need not be there.
std::filesystem::path model_files_place(const EngineSpec& spec, const ModelSpec& model);

/// The weight files of a folder, by name: its safetensors, else GGUF, else PyTorch's own. Those of
/// the first format that is not empty; none where there is no such folder.
std::vector<std::filesystem::path> weight_files(const std::filesystem::path& folder);

/// Hashes of what is loaded from this machine, as "weights" and "tokenizer": a folder's
/// weight files and tokenizer.json, or a GGUF file, which holds both. A file of the hub's cache is
/// named by its SHA-256 already. Weights above 4 GiB are hashed in part, and say so. Nothing for
/// what is not here.
void read_model_files(const std::filesystem::path& location, EffectiveSettings& settings);

}  // namespace tokamark::engine
