#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace tokamark::engine {

/// What a study can ask of every engine in the same words; each adapter says it in its own flags.
enum class Setting {
  context_tokens,
  dtype,
  kv_cache_dtype,
  kv_cache_tokens,
  gpu_memory_share,
  max_sequences,
  max_batch_tokens,
  prefix_cache,
  chunked_prefill,
  stream_interval,
  tensor_parallel,
  seed,
  dummy_weights,
  model_sampling,
};

enum class SettingType { whole, share, word, flag };

/// One row of the table behind the study's keys, the adapters' flag maps and the fairness table.
struct SettingInfo {
  Setting setting;
  const char* key;  ///< in the study file and in results
  SettingType type;
  double least, most;   ///< of whole and share
  const char* meaning;  ///< one sentence
};

/// Every setting, in the order of the enum.
std::span<const SettingInfo> all_settings();
const SettingInfo& info_of(Setting setting);
const char* to_word(Setting setting);
std::optional<Setting> setting_of(std::string_view key);

/// The settings that are given: whole numbers, shares, words and flags as JSON values.
using Settings = std::map<Setting, nlohmann::json>;

/// What an arm starts from: the engine as it ships, or the same conditions for every engine.
enum class Defaults { neutral, shipped };

/// What `neutral` adds where the study says nothing: no prefix cache, and none of the model's own
/// sampling defaults.
const Settings& neutral_settings();

/// A value as a flag takes it: "8192", "0.9", "fp8", "true".
std::string flag_text(const nlohmann::json& value);

/// {"context_tokens": 8192, ...}.
nlohmann::json to_json(const Settings& settings);

}  // namespace tokamark::engine
