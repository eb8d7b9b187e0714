#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace tokamark::comparison {

/// "ttft_ms, tpot_ms": keys whose values differ between two objects (anything else has no keys);
/// places of files are no difference.
std::string differing_keys(const nlohmann::json& a, const nlohmann::json& b);

}  // namespace tokamark::comparison
