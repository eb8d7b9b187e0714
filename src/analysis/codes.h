#pragma once

#include <span>
#include <string_view>

namespace tokamark::analysis {

/// A verdict code, for `tokamark explain` and for the advice beside it in results.
struct CodeInfo {
  std::string_view code;
  std::string_view meaning;  ///< one sentence
  std::string_view decided;  ///< when it is raised, limits included
  std::string_view advice;   ///< one sentence: what to do
};

/// Every code that a trial can carry, in alphabetical order.
std::span<const CodeInfo> all_codes();
/// The entry of a code, or null.
const CodeInfo* find_code(std::string_view code);

}  // namespace tokamark::analysis
