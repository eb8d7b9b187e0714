#include "roofline/model_facts.h"

#include <array>
#include <cmath>
#include <utility>

namespace tokamark::roofline {

namespace {

enum class Range { positive, not_negative };

template <typename Facts>
struct Field {
  const char* name;
  double Facts::*value;
  Range range;
};

constexpr std::array kModelFields{
    Field<ModelFacts>{"dense_bytes", &ModelFacts::dense_bytes, Range::positive},
    Field<ModelFacts>{"expert_bytes", &ModelFacts::expert_bytes, Range::not_negative},
    Field<ModelFacts>{"experts", &ModelFacts::experts, Range::positive},
    Field<ModelFacts>{"experts_per_token", &ModelFacts::experts_per_token, Range::positive},
    Field<ModelFacts>{"layer_parameters_per_token", &ModelFacts::layer_parameters_per_token,
                      Range::positive},
    Field<ModelFacts>{"head_parameters", &ModelFacts::head_parameters, Range::not_negative},
    Field<ModelFacts>{"attention_flops_per_pair", &ModelFacts::attention_flops_per_pair,
                      Range::not_negative},
    Field<ModelFacts>{"kv_bytes_per_token", &ModelFacts::kv_bytes_per_token, Range::not_negative}};

constexpr std::array kCeilingFields{
    Field<Ceilings>{"memory_bytes_per_s", &Ceilings::memory_bytes_per_s, Range::positive},
    Field<Ceilings>{"flops_per_s", &Ceilings::flops_per_s, Range::positive}};

double number_or_nan(const nlohmann::json& json, const char* name) {
  const bool there = json.is_object() && json.contains(name) && json[name].is_number();
  return there ? json[name].get<double>() : std::nan("");
}

template <typename Facts, std::size_t N>
nlohmann::json write(const std::array<Field<Facts>, N>& fields, const Facts& facts) {
  nlohmann::json object = nlohmann::json::object();
  for (const auto& field : fields) object[field.name] = facts.*field.value;
  return object;
}

template <typename Facts, std::size_t N>
base::Result<Facts> read(const std::array<Field<Facts>, N>& fields, const nlohmann::json& json) {
  Facts facts;
  for (const auto& field : fields) {
    const double value = number_or_nan(json, field.name);
    const double least = field.range == Range::positive ? std::nextafter(0.0, 1.0) : 0.0;
    if (!std::isfinite(value) || value < least) {
      return base::Error{base::ErrorKind::study,
                         std::string(field.name) + " is not a number in its range"};
    }
    facts.*field.value = value;
  }
  return facts;
}

}  // namespace

nlohmann::json to_json(const ModelFacts& facts) { return write(kModelFields, facts); }
nlohmann::json to_json(const Ceilings& ceilings) { return write(kCeilingFields, ceilings); }

base::Result<ModelFacts> model_facts_from_json(const nlohmann::json& json) {
  return read(kModelFields, json);
}

base::Result<Ceilings> ceilings_from_json(const nlohmann::json& json) {
  return read(kCeilingFields, json);
}

}  // namespace tokamark::roofline
