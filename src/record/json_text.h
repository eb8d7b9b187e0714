#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace tokamark::record {

/// The bytes themselves when they are UTF-8, else with U+FFFD in the place of what is not.
/// Servers put raw prompt bytes and cut strings into their error messages.
std::string valid_utf8(std::string_view bytes);

/// Appends the text as a JSON string, quotes included, after `valid_utf8`.
void append_json_string(std::string& out, std::string_view bytes);

/// A copy that can always be dumped: strings and keys are valid UTF-8, numbers that are not
/// finite are null.
nlohmann::json clean_json(const nlohmann::json& value);

}  // namespace tokamark::record
