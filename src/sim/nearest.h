#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tokamark::sim {

/// The three names nearest to `name`, nearest first, by Levenshtein distance with unit costs; ties
/// keep their order. For error messages.
std::vector<std::string> nearest_names(std::string_view name, std::vector<std::string> names);

}  // namespace tokamark::sim
