#include "comparison/differing_keys_internal.h"

#include <fmt/format.h>

#include <set>

namespace tokamark::comparison {

std::string differing_keys(const nlohmann::json& a, const nlohmann::json& b) {
  const auto value_of = [](const nlohmann::json& side, const std::string& key) {
    return side.is_object() ? side.value(key, nlohmann::json()) : nlohmann::json();
  };
  std::set<std::string> keys;
  for (const nlohmann::json* side : {&a, &b}) {
    if (!side->is_object()) continue;
    for (const auto& [key, value] : side->items()) {
      if (key != "path" && key != "prompts" && value_of(a, key) != value_of(b, key)) {
        keys.insert(key);
      }
    }
  }
  return fmt::format("{}", fmt::join(keys, ", "));
}

}  // namespace tokamark::comparison
