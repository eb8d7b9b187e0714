#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tokamark::study {

/// A text of the user for a one-line message: in double quotes, control characters replaced,
/// shortened beyond 60 bytes.
std::string shown(std::string_view text);

/// "a, b and c".
std::string listed(const std::vector<std::string>& words);

/// The candidate nearest to a mistyped word by edits (insert, delete, replace, swap neighbours),
/// or "" when none is near enough to be meant: at most two edits, or a third of the word.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

/// `; did you mean "nearest"?`, or "" when nothing is near.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace tokamark::study
