#include "advice/rule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "advice/winner_context.h"

namespace tokamark::advice {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// A value for which the condition holds.
Value satisfying(const Condition& condition) {
  const double* limit = std::get_if<double>(&condition.values.front());
  if (limit == nullptr) return condition.values.front();
  switch (condition.operation) {
    case Operation::above:
      return *limit + 0.01;
    case Operation::below:
      return *limit - 0.01;
    default:
      return *limit;
  }
}

Facts satisfying(const Rule& rule) {
  Facts facts;
  for (const Condition& condition : rule.when) facts[condition.fact] = satisfying(condition);
  return facts;
}

TEST(Rules, NeedEveryFactTheyAskFor) {
  for (const Rule& rule : rule_book().rules) {
    EXPECT_TRUE(holds(rule, satisfying(rule))) << rule.id;
    for (const Condition& condition : rule.when) {
      Facts facts = satisfying(rule);
      facts.erase(condition.fact);
      EXPECT_FALSE(holds(rule, facts)) << rule.id << " without " << condition.fact;
    }
  }
}

TEST(Rules, TakeNoFactOfAnotherTypeForAnAnswer) {
  const Condition below{"preemptions", Operation::below, {1.0}};
  EXPECT_TRUE(holds(below, {{"preemptions", 0.0}}));
  EXPECT_FALSE(holds(below, {{"preemptions", false}}));
  EXPECT_FALSE(holds(below, {{"preemptions", std::string("0")}}));
}

TEST(Rules, CompareAtTheLimitAsTheirWordsSay) {
  const auto at_one = [](Operation operation) {
    return holds(Condition{"preemptions", operation, {1.0}}, {{"preemptions", 1.0}});
  };
  EXPECT_TRUE(at_one(Operation::is));
  EXPECT_TRUE(at_one(Operation::at_least));
  EXPECT_TRUE(at_one(Operation::at_most));
  EXPECT_FALSE(at_one(Operation::above));
  EXPECT_FALSE(at_one(Operation::below));
}

TEST(Rules, NameOnlyFactsThatThereAre) {
  for (const Rule& rule : rule_book().rules) {
    for (const std::string& name : names_in(rule.text)) {
      EXPECT_TRUE(name == "loads" || find_fact(name) != nullptr) << rule.id << ": " << name;
    }
  }
  for (const std::string& name : names_in(rule_book().winner_frame)) {
    const auto& own = winner_field_names();
    const bool known = std::find(own.begin(), own.end(), name) != own.end();
    EXPECT_TRUE(known || find_fact(name) != nullptr) << name;
  }
}

TEST(Rules, EndTheWinnersWithOneThatAlwaysHolds) {
  const Rule* last = nullptr;
  for (const Rule& rule : rule_book().rules) {
    if (rule.scope == Scope::winner) last = &rule;
  }
  ASSERT_NE(last, nullptr);
  EXPECT_TRUE(last->when.empty());
}

TEST(ParseRules, RefusesAFactThatThereIsNot) {
  const auto book = parse_rules(
      "rules: [{id: x, scope: engine, when: [{fact: preemption, above: 0}], text: t, "
      "decided_by: study, rests_on: [fairness]}]");
  ASSERT_FALSE(book.has_value());
  EXPECT_THAT(book.error().message, HasSubstr("rule x: no fact is named 'preemption'"));
}

TEST(ParseRules, RefusesAConditionWithoutAComparison) {
  const auto book = parse_rules(
      "rules: [{id: x, scope: engine, when: [{fact: preemptions, over: 0}], text: t, "
      "decided_by: study, rests_on: [fairness]}]");
  ASSERT_FALSE(book.has_value());
  EXPECT_THAT(book.error().message, HasSubstr("rule x: a condition has"));
}

TEST(ParseRules, RefusesTwoOfOneId) {
  const std::string rule =
      "{id: x, scope: study, text: t, decided_by: study, rests_on: [fairness]}";
  const auto book = parse_rules("rules: [" + rule + ", " + rule + "]");
  ASSERT_FALSE(book.has_value());
  EXPECT_THAT(book.error().message, HasSubstr("there are two"));
}

TEST(ParseRules, SaysWhatIsNotYaml) { EXPECT_FALSE(parse_rules("rules: [").has_value()); }

TEST(Fill, PutsValuesInOnce) {
  EXPECT_EQ(fill("{engine} at {load}", {{"engine", "{load}"}, {"load", "c=8"}}), "{load} at c=8");
}

TEST(Fill, SaysWhatIsNotKnown) { EXPECT_EQ(fill("{x} or {", {}), "not known or {"); }

TEST(NamesIn, FindsThemInOrder) { EXPECT_THAT(names_in("{a} {b.c} {a"), ElementsAre("a", "b.c")); }

TEST(ConditionText, IsReadable) {
  EXPECT_EQ(condition_text({"kv_cache_usage_peak_ratio", Operation::at_least, {0.95}}),
            "kv_cache_usage_peak_ratio at least 0.95");
  EXPECT_EQ(condition_text(
                {"metric_family", Operation::is_one_of, {std::string("ttft"), std::string("e2e")}}),
            "metric_family in ttft, e2e");
}

}  // namespace
}  // namespace tokamark::advice
