#include <utility>

#include "study/rules.h"
#include "study/study.h"

namespace tokamark::study {

namespace {

using Json = nlohmann::json;

Json mapping_schema(const MappingRule& rules);

Json number_bound(double value) {
  // Whole bounds are written as whole numbers: 64, not 64.0.
  const auto rounded = static_cast<std::int64_t>(value);
  return static_cast<double>(rounded) == value ? Json(rounded) : Json(value);
}

Json value_schema(const ValueRule& rule) {
  const Json any_scalar = Json::array({"string", "number", "boolean"});
  switch (rule.shape) {
    case Shape::flag:
      return {{"type", "boolean"}};
    case Shape::any_text:
      return {{"type", any_scalar}};
    case Shape::texts:
      return {{"type", "object"}, {"additionalProperties", {{"type", any_scalar}}}};
    case Shape::mapping:
      return mapping_schema(*rule.mapping);
    case Shape::list:
      return {{"type", "array"},
              {"items", value_schema(*rule.item)},
              {"minItems", rule.least_items},
              {"maxItems", rule.most_items}};
    case Shape::whole:
    case Shape::number: {
      const char* least = rule.lower == Bound::included ? "minimum" : "exclusiveMinimum";
      return {{"type", rule.shape == Shape::whole ? "integer" : "number"},
              {least, number_bound(rule.least)},
              {"maximum", number_bound(rule.most)}};
    }
    case Shape::text:
      break;
  }
  Json schema{{"type", "string"}};
  if (!rule.words.empty()) schema["enum"] = rule.words;
  if (rule.form.matches != nullptr) schema["pattern"] = rule.form.pattern;
  return schema;
}

Json key_schema(const KeyRule& key) {
  Json schema;
  if (key.forms.size() == 1) {
    schema = value_schema(key.forms.front());
  } else {
    for (const ValueRule& form : key.forms) schema["anyOf"].push_back(value_schema(form));
  }
  schema["description"] = key.meaning;
  if (!key.fallback.is_null()) schema["default"] = key.fallback;
  return schema;
}

Json when(const std::string& selector, Json values) {
  return {{"properties", {{selector, {{"enum", std::move(values)}}}}},
          {"required", Json::array({selector})}};
}

Json mapping_schema(const MappingRule& rules) {
  Json schema{{"type", "object"}, {"additionalProperties", false}};
  for (const KeyRule& key : rules.keys) {
    schema["properties"][key.name] = key_schema(key);
    if (key.need == Need::required) schema["required"].push_back(key.name);
  }
  for (const std::string& key : rules.exactly_one) {
    schema["oneOf"].push_back({{"required", Json::array({key})}});
  }
  for (const MappingRule::Needs& rule : rules.needs) {
    schema["allOf"].push_back({{"if", when(rule.selector, Json::array({rule.word}))},
                               {"then", {{"required", Json::array({rule.key})}}}});
  }
  for (const MappingRule::OnlyWith& rule : rules.only_with) {
    schema["allOf"].push_back({{"if", {{"required", Json::array({rule.key})}}},
                               {"then", when(rule.selector, rule.words)}});
  }
  return schema;
}

}  // namespace

Json study_schema() {
  Json schema = mapping_schema(study_rules());
  schema["$schema"] = "http://json-schema.org/draft-07/schema#";
  schema["title"] = "tokamark study file";
  schema["description"] = "What to measure: model, engines, workloads, load and window.";
  return schema;
}

}  // namespace tokamark::study
