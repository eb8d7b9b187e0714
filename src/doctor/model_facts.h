#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "engine/hub_cache.h"
#include "engine/spec.h"

namespace tokamark::doctor {

/// What a token's keys and values take, from a model's config.json.
struct KvShape {
  double elements_per_token = 0;       ///< of all layers, keys and values
  std::optional<std::int64_t> window;  ///< most layers keep no more than so many tokens
};

/// Reads config.json of the Hugging Face layout, the text part of a multimodal one included.
/// Empty when it does not say enough.
std::optional<KvShape> parse_kv_shape(const std::string& config_json);

/// The answer of a hub about a model.
struct HubAnswer {
  long status = 0;      ///< of HTTP; 0 = there was no answer
  std::string problem;  ///< why there was none
};

/// Where a model's weights are, read by `find_model`.
struct ModelFacts {
  std::string location;  ///< path or hub id
  std::string revision;  ///< on the hub; empty = main
  enum class Form { path, hub_id };
  Form form = Form::hub_id;
  std::filesystem::path cache;    ///< hub id: the cache that the engine reads
  std::filesystem::path held;     ///< file or folder with the weights; empty = not here
  std::string lacks;              ///< what an unfinished copy lacks: "model-00003-of-00050..."
  std::int64_t weight_bytes = 0;  ///< of the files in `held`
  std::optional<KvShape> kv;      ///< empty without a config.json
  bool offline = false;           ///< HF_HUB_OFFLINE is set
  std::string token_from;         ///< "$HF_TOKEN" or a file; empty = there is no token
  std::optional<HubAnswer> hub;   ///< asked only about what is not here
  std::optional<std::int64_t> free_bytes;  ///< where the cache would be written
  std::string ephemeral;  ///< the mount of the cache where it is gone with the container, else ""
  std::string volume;     ///< then a mount that outlives it, if there is one
};

/// Looks for an engine's weights on this machine; a hub is not asked.
ModelFacts find_model(const engine::EngineSpec& spec, const engine::ModelSpec& model);

/// Asks the hub (HF_ENDPOINT, else huggingface.co) for the model's config.json with the token that
/// an engine would send; 5 s at most.
HubAnswer ask_hub(const ModelFacts& facts, const engine::Variables& added);

/// Bytes that this user can still write where `path` is or would be made; empty when not told.
std::optional<std::int64_t> free_bytes(const std::filesystem::path& path);

}  // namespace tokamark::doctor
