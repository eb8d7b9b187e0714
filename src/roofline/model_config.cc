#include "roofline/model_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

namespace tokamark::roofline {

namespace {

using Json = nlohmann::json;

/// Kinds of model whose layers are those of ModelShape.
constexpr std::array<std::string_view, 9> kKinds{"llama",     "mistral",   "qwen2",
                                                 "qwen3",     "phi3",      "mixtral",
                                                 "qwen2_moe", "qwen3_moe", "llama4_text"};

/// Reads numbers; the first one that is missing is kept.
class Numbers {
 public:
  explicit Numbers(const Json& config) : config_(config) {}

  [[nodiscard]] std::optional<double> find(const char* name) const {
    const auto at = config_.find(name);
    if (at == config_.end() || !at->is_number()) return std::nullopt;
    const double value = at->get<double>();
    return std::isfinite(value) && value >= 0.0 ? std::optional(value) : std::nullopt;
  }

  double need(const char* name) {
    const auto value = find(name);
    if ((!value || *value == 0.0) && missing_.empty()) missing_ = name;
    return value.value_or(1.0);
  }

  [[nodiscard]] const std::string& missing() const { return missing_; }

 private:
  const Json& config_;
  std::string missing_;
};

std::string text(const Json& config, const char* name) {
  const auto at = config.find(name);
  return at != config.end() && at->is_string() ? at->get<std::string>() : std::string();
}

/// Layers without experts that Qwen names one by one.
double listed_dense_layers(const Json& config) {
  const auto at = config.find("mlp_only_layers");
  return at != config.end() && at->is_array() ? static_cast<double>(at->size()) : 0.0;
}

/// Every layer has experts, or every `step`th one.
void split_layers(double layers, double step, ModelShape& shape) {
  shape.expert_layers = std::floor(layers / std::max(step, 1.0));
  shape.dense_layers = layers - shape.expert_layers;
}

void read_experts(const Json& config, const std::string& kind, double layers, ModelShape& shape) {
  const Numbers numbers(config);
  const auto intermediate = numbers.find("intermediate_size").value_or(0.0);
  shape.dense_intermediate = intermediate;
  if (kind == "mixtral") {
    shape.expert_intermediate = intermediate;
    split_layers(layers, 1.0, shape);
  } else if (kind == "llama4_text") {
    shape.expert_intermediate = intermediate;
    shape.shared_intermediate = intermediate;
    shape.dense_intermediate = numbers.find("intermediate_size_mlp").value_or(0.0);
    split_layers(layers, numbers.find("interleave_moe_layer_step").value_or(1.0), shape);
  } else {
    shape.expert_intermediate = numbers.find("moe_intermediate_size").value_or(0.0);
    shape.shared_intermediate = numbers.find("shared_expert_intermediate_size").value_or(0.0);
    split_layers(layers, numbers.find("decoder_sparse_step").value_or(1.0), shape);
    const double listed = std::min(listed_dense_layers(config), shape.expert_layers);
    shape.expert_layers -= listed;
    shape.dense_layers += listed;
  }
}

bool has_experts(const std::string& kind) {
  return kind == "mixtral" || kind == "llama4_text" || kind == "qwen2_moe" || kind == "qwen3_moe";
}

void read_window(const Json& config, ModelShape& shape) {
  const Numbers numbers(config);
  const auto off = config.find("use_sliding_window");
  const bool slides = off == config.end() || !off->is_boolean() || off->get<bool>();
  for (const char* name : {"attention_chunk_size", "sliding_window"}) {
    const auto window = numbers.find(name);
    const bool chunk = std::string_view(name) == "attention_chunk_size";
    if (window && *window > 0 && (chunk || slides)) {
      shape.window = static_cast<std::int64_t>(std::min(*window, 1e15));
    }
  }
}

}  // namespace

double ModelShape::layer_parameters_per_token() const {
  const double attention = 2.0 * hidden * heads * head_dim + 2.0 * hidden * kv_heads * head_dim;
  const double dense = 3.0 * hidden * dense_intermediate;
  const double routed = experts_per_token * 3.0 * hidden * expert_intermediate;
  const double shared = 3.0 * hidden * shared_intermediate;
  const double router = hidden * experts;
  return layers() * attention + dense_layers * dense + expert_layers * (routed + shared + router);
}

double ModelShape::attention_flops_per_pair() const { return 4.0 * layers() * heads * head_dim; }

double ModelShape::kv_elements_per_token() const { return 2.0 * layers() * kv_heads * head_dim; }

base::Result<ModelShape> shape_from_config(const Json& whole) {
  const bool nested =
      whole.is_object() && whole.contains("text_config") && whole["text_config"].is_object();
  const Json& config = nested ? whole["text_config"] : whole;
  const auto fail = [](std::string why) {
    return base::Error{base::ErrorKind::engine, std::move(why)};
  };
  if (!config.is_object()) return fail("config.json is not a JSON object");
  const std::string kind = text(config, "model_type");
  if (std::find(kKinds.begin(), kKinds.end(), kind) == kKinds.end()) {
    return fail(fmt::format("the arithmetic of models of type \"{}\" is not known here", kind));
  }
  Numbers numbers(config);
  ModelShape shape;
  shape.hidden = numbers.need("hidden_size");
  shape.heads = numbers.need("num_attention_heads");
  shape.kv_heads = numbers.find("num_key_value_heads").value_or(shape.heads);
  shape.head_dim = numbers.find("head_dim").value_or(shape.hidden / shape.heads);
  shape.vocabulary = numbers.need("vocab_size");
  const double layers = numbers.need("num_hidden_layers");
  if (has_experts(kind)) {
    shape.experts = numbers.need(kind.rfind("qwen", 0) == 0 ? "num_experts" : "num_local_experts");
    shape.experts_per_token = numbers.need("num_experts_per_tok");
    read_experts(config, kind, layers, shape);
  } else {
    shape.dense_layers = layers;
    shape.dense_intermediate = numbers.need("intermediate_size");
  }
  if (!numbers.missing().empty()) {
    return fail("config.json has no number " + numbers.missing());
  }
  if ((shape.expert_layers > 0 && shape.expert_intermediate == 0) ||
      (shape.dense_layers > 0 && shape.dense_intermediate == 0) ||
      shape.experts_per_token > shape.experts) {
    return fail("config.json does not say how wide its feed-forward layers are");
  }
  for (const char* name : {"dtype", "torch_dtype"}) {
    if (shape.type.empty()) shape.type = text(config, name);
    if (shape.type.empty()) shape.type = text(whole, name);
  }
  read_window(config, shape);
  return shape;
}

}  // namespace tokamark::roofline
