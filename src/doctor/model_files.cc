#include "doctor/model_files.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

#include "base/text.h"
#include "engine/http.h"
#include "engine/launch_line.h"
#include "setup/mounts.h"

namespace tokamark::doctor {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr std::size_t kMostFiles = 10'000;
constexpr std::size_t kMostConfig_bytes = std::size_t{16} << 20;

std::string text_of(const fs::path& path) {
  std::error_code failed;
  const auto size = fs::file_size(path, failed);
  if (failed || size > kMostConfig_bytes) return "";
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
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

/// Weight files of a folder: safetensors, else GGUF, else PyTorch's own.
std::int64_t weights_in(const fs::path& folder) {
  std::map<std::string, std::int64_t> bytes;
  std::size_t seen = 0;
  std::error_code failed;
  for (fs::directory_iterator it(folder, failed), end; !failed && it != end && seen < kMostFiles;
       it.increment(failed), ++seen) {
    bytes[it->path().extension().string()] += size_of(it->path());
  }
  for (const char* ending : {".safetensors", ".gguf", ".bin", ".pt", ".pth"}) {
    if (bytes[ending] > 0) return bytes[ending];
  }
  return 0;
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
  facts.weight_bytes = weights_in(place);
  facts.kv = parse_kv_shape(text_of(place / "config.json"));
  facts.lacks = missing_file(place);
  if (facts.lacks.empty() && facts.weight_bytes == 0) facts.lacks = "weight files";
  if (facts.lacks.empty()) facts.held = place;
}

/// The snapshot of a revision in the hub's cache layout.
fs::path snapshot(const fs::path& cache, const std::string& id, const std::string& revision) {
  std::string folder = "models--" + id;
  for (std::size_t at = folder.find('/'); at != std::string::npos; at = folder.find('/')) {
    folder.replace(at, 1, "--");
  }
  const fs::path place = cache / folder;
  std::string commit = text_of(place / "refs" / (revision.empty() ? "main" : revision));
  commit.erase(commit.find_last_not_of(" \n\r") + 1);
  return place / "snapshots" / (commit.empty() ? revision.empty() ? "main" : revision : commit);
}

fs::path home_of(const Variables& added) {
  const std::string home = variable(added, "HF_HOME");
  if (!home.empty()) return home;
  const std::string xdg = variable(added, "XDG_CACHE_HOME");
  if (!xdg.empty()) return fs::path(xdg) / "huggingface";
  return fs::path(variable(added, "HOME")) / ".cache" / "huggingface";
}

bool truthy(const std::string& value) {
  return value == "1" || value == "true" || value == "TRUE" || value == "yes" || value == "YES" ||
         value == "on" || value == "ON";
}

struct Token {
  std::string from, value;
};

Token token_of(const Variables& added) {
  for (const char* name : {"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"}) {
    const std::string value = variable(added, name);
    if (!value.empty()) return {std::string("$") + name, value};
  }
  const std::string named = variable(added, "HF_TOKEN_PATH");
  const fs::path file = named.empty() ? home_of(added) / "token" : fs::path(named);
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

std::string variable(const Variables& added, const std::string& name) {
  const auto own = added.find(name);
  if (own != added.end()) return own->second;
  const char* value = std::getenv(name.c_str());
  return value != nullptr ? value : "";
}

fs::path hub_cache(const Variables& added) {
  for (const char* name : {"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"}) {
    const std::string cache = variable(added, name);
    if (!cache.empty()) return cache;
  }
  return home_of(added) / "hub";
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
  facts.cache = hub_cache(spec.env);
  facts.offline = truthy(variable(spec.env, "HF_HUB_OFFLINE")) ||
                  truthy(variable(spec.env, "TRANSFORMERS_OFFLINE"));
  facts.token_from = token_of(spec.env).from;
  facts.free_bytes = free_bytes(facts.cache);
  look_at_mounts(facts);
  look_into(snapshot(facts.cache, facts.location, facts.revision), facts);
  return facts;
}

HubAnswer ask_hub(const ModelFacts& facts, const Variables& added) {
  std::string hub = variable(added, "HF_ENDPOINT");
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
  std::error_code failed;
  fs::path place = fs::absolute(path, failed);
  while (!fs::exists(place, failed) && place.has_relative_path()) place = place.parent_path();
  struct statvfs disk {};
  if (::statvfs(place.c_str(), &disk) != 0) return std::nullopt;
  return static_cast<std::int64_t>(disk.f_bavail) * static_cast<std::int64_t>(disk.f_frsize);
}

}  // namespace tokamark::doctor
