#pragma once

#include <optional>
#include <string>

namespace tokamark::workload {

/// A place in a YAML text, both from 1.
struct YamlPlace {
  std::size_t line = 1;
  std::size_t column = 1;
};

/// Where something follows the first YAML document of a text: another document, or characters
/// that no document can have. `YAML::Load` would ignore both, and `YAML::LoadAll` of yaml-cpp 0.7
/// never ends on some of the latter. Throws YAML::Exception when the text is not YAML.
std::optional<YamlPlace> second_yaml_document(const std::string& yaml);

}  // namespace tokamark::workload
