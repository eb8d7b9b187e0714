#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>

#include "advice/rule.h"

namespace tokamark::advice {

namespace {

using base::Error;
using base::ErrorKind;

struct NamedOperation {
  const char* key;
  Operation operation;
};
constexpr std::array kOperations{NamedOperation{"is", Operation::is},
                                 NamedOperation{"in", Operation::is_one_of},
                                 NamedOperation{"above", Operation::above},
                                 NamedOperation{"below", Operation::below},
                                 NamedOperation{"at_least", Operation::at_least},
                                 NamedOperation{"at_most", Operation::at_most}};

Error problem(const std::string& rule, const std::string& what) {
  return Error{ErrorKind::study, fmt::format("rules.yaml, rule {}: {}", rule, what)};
}

std::string text_at(const YAML::Node& node, const char* key) {
  const YAML::Node value = node[key];
  return value && value.IsScalar() ? value.as<std::string>() : std::string();
}

Value value_of(const YAML::Node& node) {
  const auto text = node.as<std::string>();
  if (text == "true" || text == "false") return text == "true";
  double number = 0.0;
  if (YAML::convert<double>::decode(node, number)) return number;
  return text;
}

base::Result<Condition> parse_condition(const std::string& id, const YAML::Node& node) {
  Condition condition;
  condition.fact = node.IsMap() ? text_at(node, "fact") : std::string();
  if (find_fact(condition.fact) == nullptr) {
    return problem(id, "no fact is named '" + condition.fact + "'");
  }
  for (const NamedOperation& known : kOperations) {
    const YAML::Node value = node[known.key];
    if (!value) continue;
    condition.operation = known.operation;
    if (value.IsSequence()) {
      for (const YAML::Node& each : value) condition.values.push_back(value_of(each));
    } else {
      condition.values.push_back(value_of(value));
    }
  }
  if (node.size() != 2 || condition.values.empty()) {
    return problem(id, "a condition has a fact and one of is, in, above, below, at_least, at_most");
  }
  return condition;
}

base::Result<Rule> parse_rule(const YAML::Node& node) {
  Rule rule;
  rule.id = text_at(node, "id");
  const std::string scope = text_at(node, "scope");
  if (scope != "winner" && scope != "engine" && scope != "study") {
    return problem(rule.id, "scope is winner, engine or study");
  }
  rule.scope = scope == "winner" ? Scope::winner : scope == "engine" ? Scope::engine : Scope::study;
  for (const YAML::Node& each : node["when"]) {
    TOKAMARK_TRY(Condition condition, parse_condition(rule.id, each));
    rule.when.push_back(std::move(condition));
  }
  for (const YAML::Node& each : node["rests_on"]) rule.rests_on.push_back(each.as<std::string>());
  rule.text = text_at(node, "text");
  rule.decided_by = text_at(node, "decided_by");
  if (rule.id.empty() || rule.text.empty() || rule.decided_by.empty() || rule.rests_on.empty()) {
    return problem(rule.id, "id, text, decided_by and rests_on must not be empty");
  }
  return rule;
}

base::Result<RuleBook> parse_book(const YAML::Node& root) {
  RuleBook book;
  book.winner_frame = text_at(root, "winner_frame");
  for (const YAML::Node& node : root["rules"]) {
    TOKAMARK_TRY(Rule rule, parse_rule(node));
    const bool twice = std::any_of(book.rules.begin(), book.rules.end(),
                                   [&rule](const Rule& other) { return other.id == rule.id; });
    if (twice) return problem(rule.id, "there are two of that id");
    book.rules.push_back(std::move(rule));
  }
  return book;
}

}  // namespace

base::Result<RuleBook> parse_rules(const std::string& yaml) {
  try {
    return parse_book(YAML::Load(yaml));
  } catch (const YAML::Exception& error) {
    return Error{ErrorKind::study, std::string("rules.yaml is not YAML of rules: ") + error.what()};
  }
}

}  // namespace tokamark::advice
