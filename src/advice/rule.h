#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "advice/facts.h"
#include "base/error.h"

namespace tokamark::advice {

/// What a rule looks at.
enum class Scope {
  winner,  ///< an engine that is ahead of all others; the first rule that holds explains it
  engine,  ///< an engine at a load of a workload
  study,   ///< the whole study
};

enum class Operation { is, is_one_of, above, below, at_least, at_most };

/// One thing that must be so. False when the fact is not known, or of another type than the value.
struct Condition {
  std::string fact;
  Operation operation = Operation::is;
  std::vector<Value> values;  ///< one; `is_one_of` has more
};

/// One entry of rules.yaml, which describes the keys.
struct Rule {
  std::string id;
  Scope scope = Scope::engine;
  std::vector<Condition> when;  ///< all must hold
  std::string text;
  std::string decided_by;
  std::vector<std::string> rests_on;
};

struct RuleBook {
  std::string winner_frame;  ///< the sentences around the text of a winner rule
  std::vector<Rule> rules;
};

/// Reads a text like rules.yaml. Errors have kind `study` and name the rule.
base::Result<RuleBook> parse_rules(const std::string& yaml);

/// The rules that are carried inside the program; read once.
const RuleBook& rule_book();
/// Their text.
std::string_view rules_text();

const Rule* find_rule(std::string_view id);

bool holds(const Condition& condition, const Facts& facts);
bool holds(const Rule& rule, const Facts& facts);

/// "preemptions above 0": a condition for people.
std::string condition_text(const Condition& condition);

const char* to_word(Scope scope);

/// Puts the value of each {name} into a text. What was put in is not looked at again, whatever it
/// holds. A name without a value becomes "not known".
std::string fill(std::string_view text,
                 const std::map<std::string, std::string, std::less<>>& values);

/// The names in braces of a text.
std::vector<std::string> names_in(std::string_view text);

}  // namespace tokamark::advice
