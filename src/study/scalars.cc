#include "study/scalars.h"

#include <charconv>
#include <cmath>

#include "study/wording.h"

namespace tokamark::study {

namespace {

bool is_any_of(const std::string& text, std::initializer_list<const char*> words) {
  for (const char* word : words) {
    if (text == word) return true;
  }
  return false;
}

/// A number as the core schema writes it, without hexadecimal and octal, which no study needs.
std::optional<nlohmann::json> number_value(std::string_view text) {
  if (!text.empty() && text[0] == '+') text.remove_prefix(1);
  if (text.empty() || text.size() > 40) return std::nullopt;
  if (text.find_first_not_of("0123456789.eE+-") != std::string_view::npos) return std::nullopt;
  const char* end = text.data() + text.size();
  std::uint64_t positive = 0;
  const auto as_positive = std::from_chars(text.data(), end, positive);
  if (as_positive.ec == std::errc() && as_positive.ptr == end) return nlohmann::json(positive);
  double value = 0.0;
  const auto as_double = std::from_chars(text.data(), end, value);
  if (as_double.ec != std::errc() || as_double.ptr != end || !std::isfinite(value)) {
    return std::nullopt;
  }
  return nlohmann::json(value);
}

}  // namespace

nlohmann::json scalar_value(const Tree& tree) {
  if (tree.quoting == Tree::Quoting::quoted) return tree.text;
  if (is_any_of(tree.text, {"", "~", "null", "Null", "NULL"})) return nullptr;
  if (is_any_of(tree.text, {"true", "True", "TRUE"})) return true;
  if (is_any_of(tree.text, {"false", "False", "FALSE"})) return false;
  if (auto number = number_value(tree.text)) return *std::move(number);
  return tree.text;
}

std::string found_wording(const Tree& tree) {
  switch (tree.kind) {
    case Tree::Kind::nothing:
      return "nothing";
    case Tree::Kind::list:
      return "a list";
    case Tree::Kind::map:
      return "a mapping";
    case Tree::Kind::scalar:
      break;
  }
  const nlohmann::json value = scalar_value(tree);
  if (value.is_null()) return "nothing";
  if (value.is_number()) return "the number " + tree.text;
  if (value.is_boolean()) return tree.text;
  return "the text " + shown(tree.text);
}

}  // namespace tokamark::study
