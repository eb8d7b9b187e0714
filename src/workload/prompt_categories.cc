// Prompts files that map a category to its texts, in YAML and in JSON.
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "workload/prompts_internal.h"
#include "workload/yaml_document.h"

namespace tokamark::workload {

namespace {

/// Keeps the order of categories as it is in the file.
using Json = nlohmann::ordered_json;

constexpr const char* kShape =
    "expected categories, each with a list of texts, as in \"short: [Hello., What is a cat?]\"";

std::size_t line_of(const YAML::Mark& mark) {
  return mark.line < 0 ? 1 : static_cast<std::size_t>(mark.line) + 1;
}

/// 1-based line of a byte offset.
std::size_t line_at(const std::string& bytes, std::size_t offset) {
  const std::size_t end = std::min(offset, bytes.size());
  return 1 + static_cast<std::size_t>(
                 std::count(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(end), '\n'));
}

base::Result<void> add_yaml_category(const YAML::Node& key, const YAML::Node& texts,
                                     const std::string& file, Prompts& prompts) {
  if (!key.IsScalar() || !texts.IsSequence()) {
    return prompt_error(file, line_of(key.Mark()), kShape);
  }
  const std::string& category = key.Scalar();
  const std::string wrong = category_problem(category);
  if (!wrong.empty()) return prompt_error(file, line_of(key.Mark()), wrong);
  if (texts.size() == 0) {
    return prompt_error(file, line_of(key.Mark()), "category \"" + category + "\" has no prompt");
  }
  for (const YAML::Node& text : texts) {
    const std::size_t line = line_of(text.IsNull() ? key.Mark() : text.Mark());
    if (!text.IsScalar()) {
      return prompt_error(file, line, "a prompt in \"" + category + "\" is not a text");
    }
    const std::string problem = text_problem(text.Scalar());
    if (!problem.empty()) return prompt_error(file, line, problem);
    FilePrompt item;
    item.prompt.category = category;
    item.prompt.text = text.Scalar();
    prompts.push_back(std::move(item));
  }
  return base::ok();
}

}  // namespace

base::Result<Prompts> parse_category_yaml(const std::string& bytes, const std::string& file) {
  try {
    if (const auto second = second_yaml_document(bytes)) {
      return prompt_error(file, second->line, "something follows the file's one YAML document");
    }
    const YAML::Node root = YAML::Load(bytes);
    Prompts prompts;
    if (root.IsNull()) return prompts;
    if (!root.IsMap()) return prompt_error(file, line_of(root.Mark()), kShape);
    std::set<std::string> seen;
    for (const auto& entry : root) {
      if (entry.first.IsScalar() && !seen.insert(entry.first.Scalar()).second) {
        return prompt_error(file, line_of(entry.first.Mark()),
                            "category \"" + entry.first.Scalar() + "\" is there twice");
      }
      TOKAMARK_TRY_VOID(add_yaml_category(entry.first, entry.second, file, prompts));
    }
    return prompts;
  } catch (const YAML::Exception& error) {
    return prompt_error(file, line_of(error.mark), "not YAML: " + error.msg);
  }
}

base::Result<Prompts> parse_category_json(const std::string& bytes, const std::string& file) {
  Json root;
  try {
    root = Json::parse(bytes);
  } catch (const Json::parse_error& error) {
    return prompt_error(file, line_at(bytes, error.byte), "not JSON");
  } catch (const Json::exception& /*error*/) {
    return prompt_error(file, 1, "a number in it is too large");
  }
  Prompts prompts;
  if (!root.is_object()) return prompt_error(file, 1, kShape);
  for (const auto& [category, texts] : root.items()) {
    if (!texts.is_array()) return prompt_error(file, 1, kShape);
    const std::string wrong = category_problem(category);
    if (!wrong.empty()) return prompt_error(file, 1, wrong);
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const std::string place = fmt::format("category \"{}\", item {}: ", category, i + 1);
      if (!texts[i].is_string()) return prompt_error(file, 1, place + "the prompt is not a text");
      FilePrompt item;
      item.prompt.category = category;
      item.prompt.text = texts[i].get<std::string>();
      const std::string problem = text_problem(item.prompt.text);
      if (!problem.empty()) return prompt_error(file, 1, place + problem);
      prompts.push_back(std::move(item));
    }
  }
  return prompts;
}

}  // namespace tokamark::workload
