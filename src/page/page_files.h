#pragma once

#include <string_view>

namespace tokamark::page {

/// page.css and page.js, valid for the program's whole life.
std::string_view page_style();
std::string_view page_script();

}  // namespace tokamark::page
