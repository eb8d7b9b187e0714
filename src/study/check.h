#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "base/error.h"
#include "study/rules.h"
#include "study/tree.h"

namespace tokamark::study {

/// A study whose keys, types and ranges are right, with defaults filled in.
struct CheckedStudy {
  nlohmann::json values;
  /// Places by dotted path, as in "engines.0.name"; keys filled in from defaults have none.
  std::map<std::string, Origin> origins;

  /// The place of a path, or of the nearest path above it that has one.
  [[nodiscard]] Origin origin(std::string path) const;
};

/// Holds a tree against the rules. The first mistake is returned: an unknown key with the nearest
/// known one, a value of the wrong type or out of range, a missing key, or keys that exclude each
/// other.
base::Result<CheckedStudy> check_tree(const Tree& tree, const MappingRule& rules,
                                      const Source& source);

/// What is wrong with the key `name` of the mapping at `place` ("" = the top level): names the
/// nearest known key, or the mapping that the key belongs to.
std::string unknown_key(const std::string& name, const std::string& place,
                        const MappingRule& mapping);

}  // namespace tokamark::study
