#pragma once

#include <string_view>

namespace tokamark::assets {

/// vega, vega-lite and vega-embed as one script, and their licences; valid for the program's whole
/// life. Both are empty in a build with TOKAMARK_WEB=OFF, and report.html then has no charts.
std::string_view chart_library();
std::string_view chart_notices();

/// target.js: a script that defines `resolveTarget(spec, target)`, which picks a figure's sizes.
std::string_view target_script();

}  // namespace tokamark::assets
