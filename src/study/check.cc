#include "study/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "study/scalars.h"
#include "study/wording.h"

namespace tokamark::study {

namespace {

using Json = nlohmann::json;

/// "engines.0" -> "engines[0]", as messages write it.
std::string place_of(const std::string& path) {
  std::string place;
  for (std::size_t start = 0; start < path.size();) {
    const std::size_t end = std::min(path.find('.', start), path.size());
    const std::string part = path.substr(start, end - start);
    const bool index = part.find_first_not_of("0123456789") == std::string::npos;
    place += index ? "[" + part + "]" : (place.empty() ? "" : ".") + part;
    start = end + 1;
  }
  return place;
}

std::string child(const std::string& path, const std::string& name) {
  return path.empty() ? name : path + "." + name;
}

/// Whether a rule's value is written as this kind of YAML node.
bool fits_kind(const ValueRule& rule, Tree::Kind kind) {
  switch (rule.shape) {
    case Shape::list:
      return kind == Tree::Kind::list;
    case Shape::mapping:
    case Shape::texts:
      return kind == Tree::Kind::map;
    default:
      return kind == Tree::Kind::scalar;
  }
}

/// Where a key belongs when the mapping that it was found in does not know it: "window", or "".
std::string home_of(const std::string& name, const MappingRule& rules) {
  for (const KeyRule& key : rules.keys) {
    const ValueRule& form = key.forms.front();
    const ValueRule& inner = form.shape == Shape::list ? *form.item : form;
    if (inner.shape == Shape::mapping && inner.mapping->find(name) != nullptr) return key.name;
  }
  return {};
}

class Checker {
 public:
  Checker(const Source& source, CheckedStudy& out) : source_(source), out_(out) {}

  base::Result<Json> mapping(const Tree& tree, const MappingRule& rules, const std::string& path) {
    Json values = Json::object();
    for (std::size_t i = 0; i < tree.keys.size(); ++i) {
      const Tree::Key& key = tree.keys[i];
      const KeyRule* rule = rules.find(key.text);
      if (rule == nullptr) {
        return source_.error(key.origin, unknown_key(key.text, place_of(path), rules));
      }
      TOKAMARK_TRY(auto checked, any_form(tree.items[i], rule->forms, child(path, key.text)));
      values[key.text] = std::move(checked);
    }
    for (const KeyRule& rule : rules.keys) {
      if (values.contains(rule.name)) continue;
      if (rule.need == Need::required) return missing(tree, rule, path);
      TOKAMARK_TRY_VOID(fill_in(rule, path, values));
    }
    TOKAMARK_TRY_VOID(conditions(tree, rules, path, values));
    return values;
  }

 private:
  std::string in(const std::string& path) const {
    return path.empty() ? "the study" : place_of(path);
  }

  base::Error missing(const Tree& tree, const KeyRule& rule, const std::string& path) const {
    return source_.error(tree.origin, fmt::format("{} needs the key \"{}\" ({})", in(path),
                                                  rule.name, rule.forms.front().wording()));
  }

  /// A mapping that is absent has the defaults of its keys.
  base::Result<void> fill_in(const KeyRule& rule, const std::string& path, Json& values) {
    if (rule.fallback.is_null()) return base::ok();
    values[rule.name] = rule.fallback;
    if (rule.forms.front().shape != Shape::mapping) return base::ok();
    const Tree empty;
    TOKAMARK_TRY(auto filled, mapping(empty, *rule.forms.front().mapping, child(path, rule.name)));
    values[rule.name] = std::move(filled);
    return base::ok();
  }

  base::Result<Json> any_form(const Tree& tree, const std::vector<ValueRule>& forms,
                              const std::string& path) {
    out_.origins.emplace(path, tree.origin);
    for (const ValueRule& form : forms) {
      if (fits_kind(form, tree.kind)) return value(tree, form, path);
    }
    return wrong(tree, forms, path);
  }

  base::Error wrong(const Tree& tree, const std::vector<ValueRule>& forms,
                    const std::string& path) const {
    std::string expected;
    for (const ValueRule& form : forms) {
      expected += (expected.empty() ? "" : ", or ") + form.wording();
    }
    std::string message =
        fmt::format("{}: expected {}, found {}", place_of(path), expected, found_wording(tree));
    const bool word = forms.size() == 1 && tree.kind == Tree::Kind::scalar;
    if (word) message += did_you_mean(tree.text, forms.front().words);
    return source_.error(tree.origin, message);
  }

  base::Result<Json> value(const Tree& tree, const ValueRule& rule, const std::string& path) {
    switch (rule.shape) {
      case Shape::list:
        return list(tree, rule, path);
      case Shape::mapping:
        return mapping(tree, *rule.mapping, path);
      case Shape::texts:
        return texts(tree, path);
      default:
        return scalar(tree, rule, path);
    }
  }

  base::Result<Json> list(const Tree& tree, const ValueRule& rule, const std::string& path) {
    if (tree.items.size() < rule.least_items || tree.items.size() > rule.most_items) {
      const std::string count = rule.least_items == rule.most_items
                                    ? fmt::format("exactly {}", rule.least_items)
                                    : fmt::format("{} to {}", rule.least_items, rule.most_items);
      return source_.error(tree.origin, fmt::format("{}: expected a list of {} values, found {}",
                                                    place_of(path), count, tree.items.size()));
    }
    Json values = Json::array();
    for (std::size_t i = 0; i < tree.items.size(); ++i) {
      const std::string item_path = child(path, std::to_string(i));
      TOKAMARK_TRY(auto item, any_form(tree.items[i], {*rule.item}, item_path));
      values.push_back(std::move(item));
    }
    return values;
  }

  base::Result<Json> texts(const Tree& tree, const std::string& path) {
    Json values = Json::object();
    for (std::size_t i = 0; i < tree.keys.size(); ++i) {
      const Tree::Key& key = tree.keys[i];
      if (key.text.empty() || key.text.find_first_of("=\r\n") != std::string::npos) {
        return source_.error(
            key.origin, fmt::format("{}: {} cannot be a name", place_of(path), shown(key.text)));
      }
      ValueRule any;
      any.shape = Shape::any_text;
      TOKAMARK_TRY(auto checked, any_form(tree.items[i], {any}, child(path, key.text)));
      values[key.text] = std::move(checked);
    }
    return values;
  }

  base::Result<Json> scalar(const Tree& tree, const ValueRule& rule, const std::string& path) {
    Json found = scalar_value(tree);
    bool right = false;
    switch (rule.shape) {
      case Shape::flag:
        right = found.is_boolean();
        break;
      case Shape::whole:
        right = whole(rule, found);
        break;
      case Shape::number:
        right = found.is_number() && in_range(rule, found.get<double>());
        break;
      case Shape::any_text:
        right = !found.is_null();
        found = tree.text;
        break;
      default:
        right = found.is_string() && text_fits(rule, found.get<std::string>());
        break;
    }
    if (right && found.is_string()) {
      TOKAMARK_TRY_VOID(printable(tree, path));
    }
    if (right) return found;
    return wrong(tree, {rule}, path);
  }

  /// Texts end up in command lines, headers and one-line messages.
  base::Result<void> printable(const Tree& tree, const std::string& path) const {
    const bool control = std::any_of(tree.text.begin(), tree.text.end(),
                                     [](char c) { return c == '\0' || c == '\n' || c == '\r'; });
    if (!control) return base::ok();
    return source_.error(tree.origin, place_of(path) + ": expected a text of one line");
  }

  static bool in_range(const ValueRule& rule, double value) {
    const bool low = rule.lower == Bound::included ? value >= rule.least : value > rule.least;
    return low && value <= rule.most;
  }

  /// Whole numbers may be written as 1000.0 or 1e3, as JSON Schema has it.
  static bool whole(const ValueRule& rule, Json& found) {
    if (!found.is_number() || !in_range(rule, found.get<double>())) return false;
    if (found.is_number_unsigned()) return true;
    const double value = found.get<double>();
    if (std::floor(value) != value || value < 0.0) return false;
    found = static_cast<std::uint64_t>(value);
    return true;
  }

  static bool text_fits(const ValueRule& rule, const std::string& text) {
    if (!rule.words.empty()) {
      return std::find(rule.words.begin(), rule.words.end(), text) != rule.words.end();
    }
    return rule.form.matches == nullptr || rule.form.matches(text);
  }

  base::Result<void> conditions(const Tree& tree, const MappingRule& rules, const std::string& path,
                                const Json& values) const {
    std::vector<std::string> there;
    for (const std::string& key : rules.exactly_one) {
      if (values.contains(key)) there.push_back(key);
    }
    if (!rules.exactly_one.empty() && there.size() != 1) {
      const Origin at = there.empty() ? tree.origin : out_.origin(child(path, there.back()));
      return source_.error(
          at, fmt::format("{} needs exactly one of {}, found {}", in(path),
                          listed(rules.exactly_one), there.empty() ? "none" : listed(there)));
    }
    for (const MappingRule::Needs& rule : rules.needs) {
      if (values[rule.selector] != rule.word || values.contains(rule.key)) continue;
      return source_.error(tree.origin, fmt::format("{}: {} {} needs the key \"{}\"", in(path),
                                                    rule.selector, rule.word, rule.key));
    }
    for (const MappingRule::OnlyWith& rule : rules.only_with) {
      if (!values.contains(rule.key)) continue;
      const std::string chosen = values[rule.selector].get<std::string>();
      if (std::find(rule.words.begin(), rule.words.end(), chosen) != rule.words.end()) continue;
      return source_.error(out_.origin(child(path, rule.key)),
                           fmt::format("{}: \"{}\" goes with {} {}, not with {}", in(path),
                                       rule.key, rule.selector, listed(rule.words), chosen));
    }
    return base::ok();
  }

  const Source& source_;
  CheckedStudy& out_;
};

}  // namespace

Origin CheckedStudy::origin(std::string path) const {
  for (;;) {
    const auto found = origins.find(path);
    if (found != origins.end()) return found->second;
    const std::size_t dot = path.rfind('.');
    if (dot == std::string::npos) return Origin{};
    path.resize(dot);
  }
}

std::string unknown_key(const std::string& name, const std::string& place,
                        const MappingRule& mapping) {
  const std::string where = place.empty() ? "at the top level" : "in " + place;
  std::string message = fmt::format("unknown key {} {}", shown(name), where);
  const std::string guess = did_you_mean(name, mapping.names());
  const std::string home = home_of(name, study_rules());
  if (!guess.empty()) {
    message += guess;
  } else if (!home.empty()) {
    message += fmt::format("; it belongs under \"{}\".", home);
  } else {
    message += ".";
  }
  return message + fmt::format(" Known keys: {}", fmt::join(mapping.names(), ", "));
}

base::Result<CheckedStudy> check_tree(const Tree& tree, const MappingRule& rules,
                                      const Source& source) {
  if (tree.kind != Tree::Kind::map) {
    return source.error(tree.origin,
                        "expected a study, a mapping with the keys model, engines, "
                        "workloads and load; found " +
                            found_wording(tree));
  }
  CheckedStudy out;
  Checker checker(source, out);
  TOKAMARK_TRY(auto values, checker.mapping(tree, rules, ""));
  out.values = std::move(values);
  return out;
}

}  // namespace tokamark::study
