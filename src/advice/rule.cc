#include "advice/rule.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/assert.h"

namespace tokamark::advice {

namespace {

constexpr std::array kScopes{"winner", "engine", "study"};
constexpr std::array kOperations{"is", "in", "above", "below", "at_least", "at_most"};

bool compare(Operation operation, double fact, double limit) {
  switch (operation) {
    case Operation::above:
      return fact > limit;
    case Operation::below:
      return fact < limit;
    case Operation::at_least:
      return fact >= limit;
    case Operation::at_most:
      return fact <= limit;
    case Operation::is:
    case Operation::is_one_of:
      break;
  }
  return fact == limit;
}

std::string plain_text(const Value& value) {
  if (const double* number = std::get_if<double>(&value)) return fmt::format("{:g}", *number);
  return value_text("", value);
}

}  // namespace

const char* to_word(Scope scope) { return kScopes.at(static_cast<std::size_t>(scope)); }

bool holds(const Condition& condition, const Facts& facts) {
  const auto found = facts.find(condition.fact);
  if (found == facts.end()) return false;
  return std::any_of(condition.values.begin(), condition.values.end(), [&](const Value& wanted) {
    const double* number = std::get_if<double>(&found->second);
    const double* limit = std::get_if<double>(&wanted);
    if (number != nullptr && limit != nullptr) {
      return compare(condition.operation, *number, *limit);
    }
    return condition.operation <= Operation::is_one_of && found->second == wanted;
  });
}

bool holds(const Rule& rule, const Facts& facts) {
  return std::all_of(rule.when.begin(), rule.when.end(),
                     [&facts](const Condition& condition) { return holds(condition, facts); });
}

std::string condition_text(const Condition& condition) {
  std::string values;
  for (const Value& value : condition.values) {
    values += (values.empty() ? "" : ", ") + plain_text(value);
  }
  std::string word = kOperations.at(static_cast<std::size_t>(condition.operation));
  std::replace(word.begin(), word.end(), '_', ' ');
  return condition.fact + " " + word + " " + values;
}

std::string fill(std::string_view text,
                 const std::map<std::string, std::string, std::less<>>& values) {
  std::string out;
  while (!text.empty()) {
    const auto open = text.find('{');
    out += text.substr(0, open);
    if (open == std::string_view::npos) break;
    const auto close = text.find('}', open);
    if (close == std::string_view::npos) return out + std::string(text.substr(open));
    const auto found = values.find(text.substr(open + 1, close - open - 1));
    out += found == values.end() ? "not known" : found->second;
    text.remove_prefix(close + 1);
  }
  return out;
}

std::vector<std::string> names_in(std::string_view text) {
  std::vector<std::string> names;
  for (auto open = text.find('{'); open != std::string_view::npos;
       open = text.find('{', open + 1)) {
    const auto close = text.find('}', open);
    if (close == std::string_view::npos) break;
    names.emplace_back(text.substr(open + 1, close - open - 1));
  }
  return names;
}

const RuleBook& rule_book() {
  static const RuleBook book = [] {
    auto parsed = parse_rules(std::string(rules_text()));
    TOKAMARK_ASSERT(parsed.has_value());
    return std::move(parsed).value();
  }();
  return book;
}

const Rule* find_rule(std::string_view id) {
  const auto& rules = rule_book().rules;
  const auto found =
      std::find_if(rules.begin(), rules.end(), [id](const Rule& rule) { return rule.id == id; });
  return found == rules.end() ? nullptr : &*found;
}

}  // namespace tokamark::advice
