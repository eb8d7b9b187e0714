#include "record/json_text.h"

#include <simdjson.h>

#include <algorithm>
#include <cmath>

namespace tokamark::record {
namespace {

bool is_plain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 && byte < 0x7f && c != '"' && c != '\\';
}

std::string quoted(std::string_view bytes) {
  return nlohmann::json(bytes).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

std::string valid_utf8(std::string_view bytes) {
  if (simdjson::validate_utf8(bytes.data(), bytes.size())) {
    return std::string(bytes);
  }
  return nlohmann::json::parse(quoted(bytes)).get<std::string>();
}

void append_json_string(std::string& out, std::string_view bytes) {
  if (!std::all_of(bytes.begin(), bytes.end(), is_plain)) {
    out += quoted(bytes);
    return;
  }
  out += '"';
  out += bytes;
  out += '"';
}

nlohmann::json clean_json(const nlohmann::json& value) {
  if (value.is_string()) {
    return valid_utf8(value.get_ref<const std::string&>());
  }
  if (value.is_number_float() && !std::isfinite(value.get<double>())) {
    return nullptr;
  }
  if (value.is_array()) {
    auto copy = nlohmann::json::array();
    for (const auto& element : value) {
      copy.push_back(clean_json(element));
    }
    return copy;
  }
  if (value.is_object()) {
    auto copy = nlohmann::json::object();
    for (const auto& [key, element] : value.items()) {
      copy[valid_utf8(key)] = clean_json(element);
    }
    return copy;
  }
  return value;
}

}  // namespace tokamark::record
