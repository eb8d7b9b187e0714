#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "study/study.h"

namespace tokamark::study {

/// Where a value was written: a place in the file, or one of the overrides.
struct Origin {
  std::uint32_t line = 1;    ///< 1-based
  std::uint32_t column = 1;  ///< 1-based
  int override_index = -1;   ///< -1 = in the file
};

/// A YAML value with its place, free of the YAML library: aliases are expanded, and the number
/// of values and their depth are bounded.
struct Tree {
  enum class Kind { nothing, scalar, list, map };
  enum class Quoting { plain, quoted };

  /// A key of a map with its place.
  struct Key {
    std::string text;
    Origin origin;
  };

  Kind kind = Kind::nothing;
  Quoting quoting = Quoting::plain;  ///< a quoted scalar is a text whatever it looks like
  std::string text;                  ///< of a scalar
  Origin origin;
  std::vector<Tree> items;  ///< of a list, or the values of a map
  std::vector<Key> keys;    ///< of a map, in the order of the file; one for each of `items`
};

/// What messages need to name a place.
struct Source {
  std::string file;
  std::vector<Override> overrides;

  /// An error at a place: `FILE:LINE:COLUMN: what` of kind `study`, or `--set path=value: what`
  /// of kind `usage`.
  [[nodiscard]] base::Error error(const Origin& origin, const std::string& what) const;
};

/// Parses one YAML document. Refuses broken YAML, more than one document, keys that are not
/// plain texts, a key that is there twice, and trees beyond the bounds.
base::Result<Tree> parse_tree(const std::string& yaml, const Source& source);

/// Parses the value of `source.overrides[index]`; every part of it carries that origin.
base::Result<Tree> parse_override_value(const Source& source, std::size_t index);

}  // namespace tokamark::study
