#include "doctor/model_facts.h"

#include <nlohmann/json.hpp>
#include <set>

#include "base/files.h"
#include "base/text.h"
#include "engine/http.h"
#include "engine/launch_line.h"
#include "engine/model_files.h"
#include "setup/disk_space.h"
#include "setup/mounts.h"

namespace tokamark::doctor {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr std::size_t kMostConfig_bytes = std::size_t{16} << 20;

std::string text_of(const fs::path& path) {
  std::error_code failed;
  const auto size = fs::file_size(path, failed);
  if (failed || size > kMostConfig_bytes) return "";
  return base::read_file_or_nothing(path);
}

Json json_of(const std::string& text) {
  if (base::json_depth(text) > base::kMaxJsonDepth) return nullptr;
  Json json = Json::parse(text, nullptr, false);
  return json.is_discarded() ? Json(nullptr) : json;
}

std::optional<double> number(const Json& json, const char* name) {
  const auto at = json.find(name);
  if (at == json.end() || !at->is_number()) return std::nullopt;
  return at->get<double>();
}

std::int64_t size_of(const fs::path& path) {
  std::error_code failed;
  const auto size = fs::file_size(path, failed);  // follows the cache's symlinks
  return failed ? 0 : static_cast<std::int64_t>(size);
}

/// A file that the folder's index names and that is not there.
std::string missing_file(const fs::path& folder) {
  const Json index = json_of(text_of(folder / "model.safetensors.index.json"));
  if (!index.is_object() || !index.contains("weight_map")) return "";
  std::set<std::string> names;
  for (const auto& [tensor, file] : index["weight_map"].items()) {
    if (file.is_string()) names.insert(file.get<std::string>());
  }
  std::error_code failed;
  for (const std::string& name : names) {
    if (!fs::exists(folder / name, failed)) return name;
  }
  return "";
}

void look_into(const fs::path& place, ModelFacts& facts) {
  std::error_code failed;
  if (!fs::exists(place, failed)) return;
  if (!fs::is_directory(place, failed)) {
    facts.held = place;
    facts.weight_bytes = size_of(place);
    return;
  }
  for (const fs::path& file : engine::weight_files(place)) facts.weight_bytes += size_of(file);
  facts.kv = parse_kv_shape(text_of(place / "config.json"));
  facts.lacks = missing_file(place);
  if (facts.lacks.empty() && facts.weight_bytes == 0) facts.lacks = "weight files";
  if (facts.lacks.empty()) facts.held = place;
}

bool truthy(const std::string& value) {
  return value == "1" || value == "true" || value == "TRUE" || value == "yes" || value == "YES" ||
         value == "on" || value == "ON";
}

struct Token {
  std::string from, value;
};

Token token_of(const engine::Variables& added) {
  for (const char* name : {"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"}) {
    const std::string value = engine::variable(added, name);
    if (!value.empty()) return {std::string("$") + name, value};
  }
  const std::string named = engine::variable(added, "HF_TOKEN_PATH");
  const fs::path file = named.empty() ? engine::hub_home(added) / "token" : fs::path(named);
  std::string value = text_of(file);
  value.erase(value.find_last_not_of(" \n\r") + 1);
  if (value.empty()) return {};
  return {file.string(), value};
}

}  // namespace

std::optional<KvShape> parse_kv_shape(const std::string& config_json) {
  Json config = json_of(config_json);
  if (config.is_object() && config.contains("text_config") && config["text_config"].is_object()) {
    config = Json(config["text_config"]);
  }
  if (!config.is_object()) return std::nullopt;
  const auto layers = number(config, "num_hidden_layers");
  const auto heads = number(config, "num_attention_heads");
  if (!layers || !heads || *heads <= 0) return std::nullopt;
  KvShape shape;
  if (const auto rank = number(config, "kv_lora_rank")) {  // multi-head latent attention
    shape.elements_per_token = *layers * (*rank + number(config, "qk_rope_head_dim").value_or(0.0));
    return shape;
  }
  const auto hidden = number(config, "hidden_size");
  const auto head_dim = number(config, "head_dim");
  if (!head_dim && !hidden) return std::nullopt;
  const double width = head_dim ? *head_dim : *hidden / *heads;
  const double kv_heads = number(config, "num_key_value_heads").value_or(*heads);
  shape.elements_per_token = 2.0 * kv_heads * width * *layers;
  for (const char* name : {"attention_chunk_size", "sliding_window"}) {
    const auto window = number(config, name);
    if (window && *window > 0) shape.window = static_cast<std::int64_t>(*window);
  }
  return shape;
}

namespace {

void look_at_mounts(ModelFacts& facts) {
  const auto mounts = setup::read_mounts();
  if (mounts.has_error()) return;
  const setup::Mount* mount = setup::mount_of(mounts.value(), facts.cache);
  if (mount == nullptr || !setup::is_ephemeral(*mount)) return;
  facts.ephemeral = mount->point;
  const auto volumes = setup::data_volumes(mounts.value());
  if (!volumes.empty()) facts.volume = volumes.front().point;
}

}  // namespace

ModelFacts find_model(const engine::EngineSpec& spec, const engine::ModelSpec& model) {
  ModelFacts facts;
  facts.location = engine::model_location(spec, model);
  facts.revision = model.revision;
  std::error_code failed;
  if (engine::looks_like_path(facts.location) || fs::exists(facts.location, failed)) {
    facts.form = ModelFacts::Form::path;
    look_into(facts.location, facts);
    return facts;
  }
  facts.cache = engine::hub_cache(spec.env);
  facts.offline = truthy(engine::variable(spec.env, "HF_HUB_OFFLINE")) ||
                  truthy(engine::variable(spec.env, "TRANSFORMERS_OFFLINE"));
  facts.token_from = token_of(spec.env).from;
  facts.free_bytes = free_bytes(facts.cache);
  look_at_mounts(facts);
  look_into(engine::hub_snapshot(facts.cache, facts.location, facts.revision), facts);
  return facts;
}

HubAnswer ask_hub(const ModelFacts& facts, const engine::Variables& added) {
  std::string hub = engine::variable(added, "HF_ENDPOINT");
  if (hub.empty()) hub = "https://huggingface.co";
  engine::HttpRequest request;
  request.url = hub + "/" + facts.location + "/resolve/" +
                (facts.revision.empty() ? "main" : facts.revision) + "/config.json";
  const std::string token = token_of(added).value;
  if (!token.empty()) request.headers["authorization"] = "Bearer " + token;
  const auto answer = engine::http_send(request);
  if (!answer.has_value()) return {0, answer.error().message};
  return {answer.value().status, ""};
}

std::optional<std::int64_t> free_bytes(const fs::path& path) {
  const auto free = setup::free_bytes(path);
  if (!free) return std::nullopt;
  return static_cast<std::int64_t>(*free);
}

}  // namespace tokamark::doctor
