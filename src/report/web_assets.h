#pragma once

#include <string_view>

namespace tokamark::report {

/// Texts that are part of the program (web/), valid for its whole life.
std::string_view page_style();
std::string_view page_script();
std::string_view figure_config();
std::string_view bars_template();
std::string_view lines_template();

/// vega, vega-lite and vega-embed as one script, and their licences. Both are empty in a build
/// with TOKAMARK_WEB=OFF, and report.html then has no charts.
std::string_view chart_library();
std::string_view chart_notices();

}  // namespace tokamark::report
