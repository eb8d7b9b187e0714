#pragma once

#include <string_view>

namespace tokamark::setup {

/// Python programs that are carried inside tokamark and run with `python -c`; the files of the same
/// name in this folder, whose first lines say what they take and print.
std::string_view package_sizes_script();
std::string_view hub_client_script();

/// The text of tools/engine-pins: comments, and lines NAME=VALUE.
std::string_view engine_pins();

}  // namespace tokamark::setup
