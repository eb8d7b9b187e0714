#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/error.h"

namespace tokamark::roofline {

/// The shape of a decoder of the Llama family: grouped-query attention and gated feed-forward
/// layers of three matrices, dense or of experts. Counts are doubles, for they are multiplied.
struct ModelShape {
  double hidden = 0, heads = 0, kv_heads = 0, head_dim = 0, vocabulary = 0;
  double dense_layers = 0;        ///< layers with one feed-forward block
  double dense_intermediate = 0;  ///< its width
  double expert_layers = 0;       ///< layers with experts
  double experts = 1;             ///< routed experts of such a layer
  double experts_per_token = 1;
  double expert_intermediate = 0;      ///< width of a routed expert
  double shared_intermediate = 0;      ///< of the shared expert; 0 = there is none
  std::string type;                    ///< "bfloat16", ...; empty = config.json does not say
  std::optional<std::int64_t> window;  ///< tokens to which some layers' attention is limited

  [[nodiscard]] double layers() const { return dense_layers + expert_layers; }
  /// Parameters of the layers that one token is multiplied with; norms and biases are left out.
  [[nodiscard]] double layer_parameters_per_token() const;
  /// Query times key, and weights times value: 4 head_dim FLOPs a head, layer and pair.
  [[nodiscard]] double attention_flops_per_pair() const;
  /// Numbers that a token leaves in the KV cache.
  [[nodiscard]] double kv_elements_per_token() const;
};

/// Reads config.json of the Hugging Face layout, the text part of a multimodal one. Errors have
/// kind `engine`: a kind of model whose arithmetic is not known here, or a field that is missing.
base::Result<ModelShape> shape_from_config(const nlohmann::json& config);

}  // namespace tokamark::roofline
