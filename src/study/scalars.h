#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "study/tree.h"

namespace tokamark::study {

/// The value of a plain scalar under YAML 1.2's core schema: true, false, a whole number, a
/// finite number, or null. Any other text, and every quoted one, is a JSON string.
nlohmann::json scalar_value(const Tree& tree);

/// What a value is, in words: `nothing`, `the number 5`, `the text "abc"`, `a list`, ...
std::string found_wording(const Tree& tree);

}  // namespace tokamark::study
