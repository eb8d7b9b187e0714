#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace tokamark::study {

struct MappingRule;

/// The kinds of value that a study file holds.
enum class Shape {
  text,      ///< a text; a plain number, true or false must be quoted
  any_text,  ///< a text; plain numbers and so on are taken as they are written
  flag,      ///< true or false
  whole,     ///< a whole number
  number,    ///< a finite number
  list,      ///< a list of values of one rule
  mapping,   ///< known keys
  texts,     ///< free keys, each with an `any_text`
};

/// Whether the lower bound itself is allowed.
enum class Bound { included, excluded };

/// A condition on a text, as code for the parser and as a regular expression for the schema.
struct TextForm {
  bool (*matches)(std::string_view text) = nullptr;
  std::string pattern;  ///< ECMA 262
  std::string wording;  ///< "a name of letters, ..."
};

/// What a value must be. Only the members of its shape count.
struct ValueRule {
  Shape shape = Shape::text;
  double least = 0.0, most = 0.0;  ///< whole, number
  Bound lower = Bound::included;
  std::vector<std::string> words;              ///< text: one of these; empty = any
  TextForm form;                               ///< text
  std::shared_ptr<const ValueRule> item;       ///< list
  std::size_t least_items = 0;                 ///< list
  std::size_t most_items = 0;                  ///< list
  std::shared_ptr<const MappingRule> mapping;  ///< mapping

  /// "a whole number from 1 to 64", "one of chat and completions", ...
  [[nodiscard]] std::string wording() const;
};

enum class Need { required, optional };

/// One key of a mapping. A value may have several forms, told apart by being a scalar, a list or
/// a mapping.
struct KeyRule {
  std::string name;
  Need need = Need::optional;
  nlohmann::json fallback;  ///< the default; null = the key stays absent
  std::vector<ValueRule> forms;
  std::string meaning;  ///< one sentence for the schema
};

/// The known keys of a mapping and the conditions between them.
struct MappingRule {
  /// With `selector` being `word`, `key` must be there.
  struct Needs {
    std::string selector, word, key;
  };
  /// `key` may be there only when `selector` is one of `words`.
  struct OnlyWith {
    std::string key, selector;
    std::vector<std::string> words;
  };
  std::vector<KeyRule> keys;
  std::vector<std::string> exactly_one;  ///< exactly one of these keys; empty = no such rule
  std::vector<Needs> needs;
  std::vector<OnlyWith> only_with;

  [[nodiscard]] const KeyRule* find(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> names() const;  ///< sorted
};

/// The study file: the one description behind the parser, the overrides and the JSON Schema.
const MappingRule& study_rules();

}  // namespace tokamark::study
