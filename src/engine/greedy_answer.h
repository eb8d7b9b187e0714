#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "engine/adapter.h"

namespace tokamark::engine {

/// One greedy answer of `tokens` tokens to a prompt, not streamed: {"text", "prompt_tokens",
/// "output_tokens"}, null where the server does not say. Errors: `network`, `interrupted`.
base::Result<nlohmann::json> greedy_answer(const ControlPlane& plane, const Target& target,
                                           const std::string& prompt, int tokens);

}  // namespace tokamark::engine
