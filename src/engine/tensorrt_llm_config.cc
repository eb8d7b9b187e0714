#include "engine/tensorrt_llm_config.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <array>
#include <map>

#include "base/files.h"

namespace tokamark::engine {

namespace {

using base::Error;
using base::ErrorKind;

/// Where LlmArgs has a setting; a parent or none.
struct ConfigKey {
  Setting setting;
  const char* parent;
  const char* key;
  std::map<std::string, std::string> words{};
};

const std::vector<ConfigKey>& config_keys() {
  static const std::vector<ConfigKey> keys{
      {Setting::dtype, "", "dtype", {{"bf16", "bfloat16"}, {"f16", "float16"}, {"f32", "float32"}}},
      {Setting::kv_cache_dtype, "kv_cache_config", "dtype", {{"bf16", "auto"}, {"f16", "auto"}}},
      {Setting::kv_cache_tokens, "kv_cache_config", "max_tokens"},
      {Setting::gpu_memory_share, "kv_cache_config", "free_gpu_memory_fraction"},
      {Setting::prefix_cache, "kv_cache_config", "enable_block_reuse"},
      {Setting::chunked_prefill, "", "enable_chunked_prefill"},
      {Setting::stream_interval, "", "stream_interval"},
  };
  return keys;
}

constexpr std::array kFileFlags{"--config", "--extra-llm-api-options"};

/// Whether an argument is one of the flags; the value behind '=' is put into `value`.
bool is_file_flag(std::string word, std::string& value) {
  const std::size_t equals = word.find('=');
  if (equals != std::string::npos) value = word.substr(equals + 1);
  word = word.substr(0, equals);
  std::replace(word.begin(), word.end(), '_', '-');
  return std::find(kFileFlags.begin(), kFileFlags.end(), word) != kFileFlags.end();
}

base::Result<YAML::Node> user_config(const EngineSpec& spec) {
  std::string file;
  for (std::size_t i = 0; i < spec.args.size(); ++i) {
    std::string value;
    if (!is_file_flag(spec.args[i], value)) continue;
    file = !value.empty() ? value : i + 1 < spec.args.size() ? spec.args[i + 1] : "";
  }
  if (file.empty()) return YAML::Node(YAML::NodeType::Map);
  TOKAMARK_TRY(const std::string text, base::read_file(file, ErrorKind::study));
  try {
    const YAML::Node node = YAML::Load(text);
    if (node.IsMap()) return node;
    if (node.IsNull()) return YAML::Node(YAML::NodeType::Map);
  } catch (const YAML::Exception& e) {
    return Error{ErrorKind::study, fmt::format("engine \"{}\": {}:{}: not YAML: {}", spec.name,
                                               file, e.mark.line + 1, e.msg)};
  }
  return Error{ErrorKind::study,
               fmt::format("engine \"{}\": {} holds no mapping", spec.name, file)};
}

YAML::Node node_of(const nlohmann::json& value, const std::map<std::string, std::string>& words) {
  if (value.is_boolean()) return YAML::Node(value.get<bool>());
  if (value.is_number_integer()) return YAML::Node(value.get<std::int64_t>());
  if (value.is_number()) return YAML::Node(value.get<double>());
  const auto found = words.find(flag_text(value));
  return YAML::Node(found == words.end() ? flag_text(value) : found->second);
}

}  // namespace

base::Result<std::string> tensorrt_llm_config(const EngineSpec& spec, FlagWriter& writer) {
  TOKAMARK_TRY(YAML::Node config, user_config(spec));
  for (const ConfigKey& key : config_keys()) {
    const auto value = writer.value(key.setting);
    writer.done(key.setting);
    if (!value) continue;
    YAML::Node parent = *key.parent != '\0' ? config[key.parent] : config;
    if (parent[key.key]) {
      if (spec.settings.count(key.setting) == 0) continue;  // the user's word over our default
      return Error{ErrorKind::study,
                   fmt::format("engine \"{}\": its config file holds {}, and settings holds {}; "
                               "keep one of them",
                               spec.name, key.key, to_word(key.setting))};
    }
    parent[key.key] = node_of(*value, key.words);
  }
  if (writer.value(Setting::dummy_weights) == true) config["load_format"] = "dummy";
  writer.done(Setting::dummy_weights);
  // Its Prometheus page exists only with this.
  if (!config["return_perf_metrics"]) config["return_perf_metrics"] = true;
  return YAML::Dump(config) + "\n";
}

void read_tensorrt_llm_config(const std::string& yaml, EffectiveSettings& settings) {
  const YAML::Node config = YAML::Load(yaml);  // our own text
  for (const ConfigKey& key : config_keys()) {
    const YAML::Node parent = *key.parent != '\0' ? config[key.parent] : config;
    if (!parent || !parent.IsMap() || !parent[key.key]) continue;
    const std::string text = parent[key.key].as<std::string>();
    const TextPlace place{to_word(key.setting), "", "\n"};
    read_text(text, std::span(&place, 1), "flag", settings);
  }
  settings["dummy_weights"] = {
      config["load_format"] && config["load_format"].as<std::string>() == "dummy", "flag"};
}

std::vector<std::string> args_without_config(const EngineSpec& spec) {
  std::vector<std::string> kept;
  for (std::size_t i = 0; i < spec.args.size(); ++i) {
    std::string value;
    if (!is_file_flag(spec.args[i], value)) {
      kept.push_back(spec.args[i]);
    } else if (value.empty()) {
      ++i;
    }
  }
  return kept;
}

}  // namespace tokamark::engine
