#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tokamark::base {

/// A text from outside as a part of a one-line message: line ends and other control characters
/// become blanks.
std::string one_line(std::string_view text);

/// Seconds for people, rounded up: "7s", "3m05s", "2h07m".
std::string duration_text(double seconds);

/// Deepest JSON that is taken from outside. The JSON library's functions call themselves once a
/// level, so a text of some hundred thousand brackets would end the program.
inline constexpr std::size_t kMaxJsonDepth = 200;

/// How deep arrays and objects lie in one another in a JSON text; 0 for a plain value. Brackets
/// inside strings do not count. For a text that is not JSON the number means nothing, but is never
/// less than the depth that a JSON parser reaches before it gives up.
std::size_t json_depth(std::string_view json);

}  // namespace tokamark::base
