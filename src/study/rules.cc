#include "study/rules.h"

#include <fmt/format.h>

#include <algorithm>

#include "study/wording.h"

namespace tokamark::study {

namespace {

std::string range_wording(const ValueRule& rule, std::string_view noun) {
  if (rule.lower == Bound::excluded) {
    return fmt::format("{} above {} and up to {}", noun, rule.least, rule.most);
  }
  return fmt::format("{} from {} to {}", noun, rule.least, rule.most);
}

}  // namespace

std::string ValueRule::wording() const {
  switch (shape) {
    case Shape::flag:
      return "true or false";
    case Shape::whole:
      return range_wording(*this, "a whole number");
    case Shape::number:
      return range_wording(*this, "a number");
    case Shape::list:
      return "a list";
    case Shape::mapping:
    case Shape::texts:
      return "a mapping of keys to values";
    case Shape::text:
    case Shape::any_text:
      break;
  }
  if (!words.empty()) return "one of " + listed(words);
  return form.matches == nullptr ? "a text" : form.wording;
}

const KeyRule* MappingRule::find(std::string_view name) const {
  for (const KeyRule& key : keys) {
    if (key.name == name) return &key;
  }
  return nullptr;
}

std::vector<std::string> MappingRule::names() const {
  std::vector<std::string> result;
  for (const KeyRule& key : keys) result.push_back(key.name);
  std::sort(result.begin(), result.end());
  return result;
}

}  // namespace tokamark::study
