#include "roofline/checkpoint.h"

#include <fmt/format.h>

#include <array>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>

#include "base/files.h"
#include "base/text.h"
#include "roofline/model_config.h"
#include "roofline/quantization.h"

namespace tokamark::roofline {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr std::size_t kMostFiles = 10'000;
/// The longest header that the format allows (safetensors' own reader refuses more).
constexpr std::uint64_t kMostHeader_bytes = 100'000'000;
constexpr std::uintmax_t kMostConfig_bytes = std::uintmax_t{64} << 20;

base::Error bad(std::string why) { return {base::ErrorKind::engine, std::move(why)}; }

Json parsed(const std::string& text) {
  if (base::json_depth(text) > base::kMaxJsonDepth) return nullptr;
  Json json = Json::parse(text, nullptr, false);
  return json.is_discarded() ? Json(nullptr) : json;
}

/// Null when the file is not there, too large, or not JSON.
Json json_file(const fs::path& path) {
  std::error_code failed;
  const auto size = fs::file_size(path, failed);
  if (failed || size > kMostConfig_bytes) return nullptr;
  const auto text = base::read_file(path, base::ErrorKind::engine);
  return text.has_value() ? parsed(text.value()) : Json(nullptr);
}

/// The files that the index names; without an index, the only file.
std::set<std::string> weight_files(const fs::path& folder) {
  std::set<std::string> names;
  const Json index = json_file(folder / "model.safetensors.index.json");
  if (index.is_object() && index.contains("weight_map") && index["weight_map"].is_object()) {
    for (const auto& [tensor, file] : index["weight_map"].items()) {
      if (file.is_string() && names.size() < kMostFiles) names.insert(file.get<std::string>());
    }
    return names;
  }
  std::error_code failed;
  if (fs::exists(folder / "model.safetensors", failed)) names.insert("model.safetensors");
  return names;
}

/// The JSON header of a safetensors file, which eight bytes with its length come before
/// (huggingface.co/docs/safetensors, "Format").
base::Result<Json> header_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::array<unsigned char, 8> prefix{};
  in.read(reinterpret_cast<char*>(prefix.data()), prefix.size());
  if (!in) return bad(file.string() + " cannot be read");
  std::uint64_t length = 0;
  for (std::size_t i = prefix.size(); i-- > 0;) length = length << 8U | prefix.at(i);
  if (length > kMostHeader_bytes) return bad(file.string() + " is not a safetensors file");
  std::string text(length, '\0');
  in.read(text.data(), static_cast<std::streamsize>(length));
  if (!in) return bad(file.string() + " ends within its header");
  Json header = parsed(text);
  if (!header.is_object()) return bad(file.string() + " is not a safetensors file");
  return header;
}

/// Bytes of a tensor, by its offsets; negative when the header does not say.
double bytes_of(const Json& tensor) {
  const auto at = tensor.is_object() ? tensor.find("data_offsets") : tensor.end();
  if (!tensor.is_object() || at == tensor.end() || !at->is_array() || at->size() != 2 ||
      !(*at)[0].is_number_unsigned() || !(*at)[1].is_number_unsigned()) {
    return -1.0;
  }
  return (*at)[1].get<double>() - (*at)[0].get<double>();
}

struct WeightBytes {
  double all = 0, experts = 0, embedding = 0, head = 0, images = 0;
};

bool holds(std::string_view name, std::string_view part) {
  return name.find(part) != std::string_view::npos;
}

/// By the names of the Hugging Face layout. "shared_experts." is no routed expert.
void add_tensor(std::string_view name, double bytes, WeightBytes& sum) {
  sum.all += bytes;
  if (holds(name, "vision_") || holds(name, "visual.") || holds(name, "multi_modal_projector")) {
    sum.images += bytes;
  } else if (holds(name, ".experts.")) {
    sum.experts += bytes;
  } else if (holds(name, "embed_tokens.")) {
    sum.embedding += bytes;
  } else if (holds(name, "lm_head.")) {
    sum.head += bytes;
  }
}

base::Result<WeightBytes> read_weights(const fs::path& folder) {
  const auto files = weight_files(folder);
  if (files.empty()) return bad("there are no safetensors files in " + folder.string());
  WeightBytes sum;
  for (const std::string& file : files) {
    TOKAMARK_TRY(const Json header, header_of(folder / file));
    for (const auto& [name, tensor] : header.items()) {
      if (name == "__metadata__") continue;
      const double bytes = bytes_of(tensor);
      if (bytes < 0) return bad((folder / file).string() + " is not a safetensors file");
      add_tensor(name, bytes, sum);
    }
  }
  return sum;
}

}  // namespace

base::Result<Checkpoint> read_checkpoint(const fs::path& folder) {
  const Json config = json_file(folder / "config.json");
  if (config.is_null()) return bad("there is no config.json in " + folder.string());
  TOKAMARK_TRY(const ModelShape shape, shape_from_config(config));
  TOKAMARK_TRY(const Quantization quantization,
               read_quantization(config, json_file(folder / "hf_quant_config.json")));
  TOKAMARK_TRY(const WeightBytes bytes, read_weights(folder));
  const bool narrow = shape.type == "bfloat16" || shape.type == "float16";
  if (quantization.method.empty() && !narrow) {
    return bad(
        fmt::format("the weights are stored as \"{}\", and an engine may load them as "
                    "something else",
                    shape.type));
  }
  if ((shape.expert_layers > 0) != (bytes.experts > 0)) {
    return bad("config.json and the weights do not agree on the experts");
  }
  Checkpoint read;
  read.weight_bytes = bytes.all;
  // Without a head of its own the model uses the embedding for it, and reads all of that.
  const double unread = bytes.images + (bytes.head > 0 ? bytes.embedding : 0.0);
  read.facts.dense_bytes = bytes.all - bytes.experts - unread;
  read.facts.experts = shape.experts;
  read.facts.experts_per_token = shape.experts_per_token;
  read.facts.expert_bytes = bytes.experts / shape.experts;
  read.facts.layer_parameters_per_token = shape.layer_parameters_per_token();
  read.facts.head_parameters = shape.hidden * shape.vocabulary;
  read.facts.attention_flops_per_pair = shape.attention_flops_per_pair();
  read.kv_elements_per_token = shape.kv_elements_per_token();
  read.multiplied = quantization.multiplied;
  read.quantised = !quantization.method.empty();
  read.window = shape.window;
  return read;
}

}  // namespace tokamark::roofline
