#include "engine/settings.h"

#include <fmt/format.h>

#include <array>

#include "base/assert.h"
#include "engine/spec.h"

namespace tokamark::engine {

namespace {

using Type = SettingType;

constexpr double kMostTokens = 1e8;

constexpr std::array kSettings{
    SettingInfo{Setting::context_tokens, "context_tokens", Type::whole, 1, kMostTokens,
                "Longest prompt and answer together, in tokens."},
    SettingInfo{Setting::dtype, "dtype", Type::word, 0, 0,
                "Arithmetic of weights and activations: bf16, f16, f32 or auto."},
    SettingInfo{Setting::kv_cache_dtype, "kv_cache_dtype", Type::word, 0, 0,
                "Type of the KV cache: auto, bf16, f16, fp8 or a type of the engine's own."},
    SettingInfo{Setting::kv_cache_tokens, "kv_cache_tokens", Type::whole, 1, 1e10,
                "Tokens that the KV cache holds: the budget that compares engines."},
    SettingInfo{Setting::gpu_memory_share, "gpu_memory_share", Type::share, 0, 1,
                "Share of the GPU's memory, as each engine counts it."},
    SettingInfo{Setting::max_sequences, "max_sequences", Type::whole, 1, 1e6,
                "Most requests that run at once."},
    SettingInfo{Setting::max_batch_tokens, "max_batch_tokens", Type::whole, 1, kMostTokens,
                "Most tokens of one step."},
    SettingInfo{Setting::prefix_cache, "prefix_cache", Type::flag, 0, 0,
                "Whether a known beginning of a prompt is not computed again."},
    SettingInfo{Setting::chunked_prefill, "chunked_prefill", Type::flag, 0, 0,
                "Whether a long prompt is computed in several steps."},
    SettingInfo{Setting::stream_interval, "stream_interval", Type::whole, 1, 1e6,
                "Tokens of one event of a stream."},
    SettingInfo{Setting::tensor_parallel, "tensor_parallel", Type::whole, 1, 1024,
                "GPUs that share every layer."},
    SettingInfo{Setting::seed, "seed", Type::whole, 0, 4294967295.0,
                "Seed of the server's sampling."},
    SettingInfo{Setting::dummy_weights, "dummy_weights", Type::flag, 0, 0,
                "Random weights instead of the model's."},
    SettingInfo{Setting::model_sampling, "model_sampling", Type::flag, 0, 0,
                "Whether the model's own sampling defaults count where a request says nothing."},
};

}  // namespace

std::span<const SettingInfo> all_settings() { return kSettings; }

const SettingInfo& info_of(Setting setting) {
  const auto& info = kSettings.at(static_cast<std::size_t>(setting));
  TOKAMARK_ASSERT(info.setting == setting);
  return info;
}

const char* to_word(Setting setting) { return info_of(setting).key; }

std::optional<Setting> setting_of(std::string_view key) {
  for (const SettingInfo& info : kSettings) {
    if (info.key == key) return info.setting;
  }
  return std::nullopt;
}

const Settings& neutral_settings() {
  static const Settings settings{{Setting::prefix_cache, false}, {Setting::model_sampling, false}};
  return settings;
}

std::optional<nlohmann::json> value_of(const EngineSpec& spec, Setting setting) {
  if (const auto found = spec.settings.find(setting); found != spec.settings.end()) {
    return found->second;
  }
  if (spec.defaults == Defaults::shipped) return std::nullopt;
  const auto found = neutral_settings().find(setting);
  if (found == neutral_settings().end()) return std::nullopt;
  return found->second;
}

std::string flag_text(const nlohmann::json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

nlohmann::json to_json(const Settings& settings) {
  nlohmann::json object = nlohmann::json::object();
  for (const auto& [setting, value] : settings) object[to_word(setting)] = value;
  return object;
}

}  // namespace tokamark::engine
