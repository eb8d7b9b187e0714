#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tokamark::report {

/// A measured number for people: three significant digits, all digits before the point, no
/// exponent between 0.001 and 10^15. "-" when there is none.
std::string format_number(std::optional<double> value);

/// Bytes as "1.23 GiB" or "456 MiB".
std::string format_bytes(std::int64_t bytes);

/// One line that no terminal obeys: control characters, the C1 ones and those that turn the
/// writing direction become "?". Expects UTF-8.
std::string plain_line(std::string_view text);

/// For HTML text and quoted attributes. `html_line` makes it one safe line first, as `plain_line`.
std::string html_text(std::string_view text);
std::string html_line(std::string_view text);

/// For a Markdown table cell or sentence: nothing in it acts as markup, HTML, mention or link.
std::string markdown_text(std::string_view text);

/// Code points; what a terminal needs for Latin text.
std::size_t display_width(std::string_view text);

/// Cut to `width` code points, the last one an ellipsis when something was cut.
std::string shorten(std::string_view text, std::size_t width);

/// Breaks text at spaces into lines of at most `width`; a longer word stays whole.
std::vector<std::string> wrap(std::string_view text, std::size_t width);

/// "1 trial", "3 trials".
std::string count_of(std::size_t count, std::string_view noun);

}  // namespace tokamark::report
