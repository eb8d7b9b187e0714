#include "record/json_fields_internal.h"

#include "base/text.h"

namespace tokamark::record {
namespace {

const nlohmann::json kNull;

}  // namespace

JsonFields::JsonFields(const nlohmann::json& object, std::string path, std::string& problem)
    : object_(object), path_(std::move(path)), problem_(problem) {
  if (!object_.is_object() && problem_.empty()) {
    problem_ = path_ + " must be an object";
  }
}

JsonFields JsonFields::child(const std::string& key) const {
  return JsonFields(raw(key), path_of(key), problem_);
}

const nlohmann::json& JsonFields::raw(const std::string& key) const {
  if (!object_.is_object()) {
    return kNull;
  }
  const auto found = object_.find(key);
  return found == object_.end() ? kNull : *found;
}

bool JsonFields::has(const std::string& key) const {
  return object_.is_object() && object_.contains(key);
}

void JsonFields::number(const std::string& key, double& value) const {
  const auto& field = raw(key);
  if (field.is_number()) {
    value = field.get<double>();
  } else {
    fail(key, "a number");
  }
}

void JsonFields::number_or_null(const std::string& key, std::optional<double>& value) const {
  const auto& field = raw(key);
  if (field.is_number()) {
    value = field.get<double>();
  } else if (field.is_null()) {
    value.reset();
  } else {
    fail(key, "a number or null");
  }
}

void JsonFields::integer_or_null(const std::string& key, std::optional<std::int64_t>& value) const {
  const auto& field = raw(key);
  if (field.is_number_unsigned() && !std::in_range<std::int64_t>(field.get<std::uint64_t>())) {
    fail(key, "an integer in range");
  } else if (field.is_number_integer()) {
    value = field.get<std::int64_t>();
  } else if (field.is_null()) {
    value.reset();
  } else {
    fail(key, "an integer or null");
  }
}

void JsonFields::text(const std::string& key, std::string& value) const {
  const auto& field = raw(key);
  if (field.is_string()) {
    value = field.get<std::string>();
  } else {
    fail(key, "a string");
  }
}

void JsonFields::boolean(const std::string& key, bool& value) const {
  const auto& field = raw(key);
  if (field.is_boolean()) {
    value = field.get<bool>();
  } else {
    fail(key, "true or false");
  }
}

void JsonFields::reasons(std::map<std::string, std::string>& value) const {
  value.clear();
  if (!has("reasons")) {
    return;
  }
  const auto& field = raw("reasons");
  if (!field.is_object()) {
    fail("reasons", "an object");
    return;
  }
  for (const auto& [name, reason] : field.items()) {
    if (!reason.is_string()) {
      fail("reasons." + name, "a string");
      return;
    }
    value[name] = reason.get<std::string>();
  }
}

void JsonFields::fail(const std::string& key, const std::string& expected) const {
  if (problem_.empty()) {
    problem_ = base::one_line(path_of(key)) + " must be " + expected;
  }
}

}  // namespace tokamark::record
