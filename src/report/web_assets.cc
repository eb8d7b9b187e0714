#include "report/web_assets.h"

#include <cstddef>

// Symbols of web_assets.S.
#define TOKAMARK_ASSET(name)                       \
  extern "C" const char tokamark_##name##_begin[]; \
  extern "C" const char tokamark_##name##_end[]

TOKAMARK_ASSET(page_style);
TOKAMARK_ASSET(page_script);
TOKAMARK_ASSET(figure_config);
TOKAMARK_ASSET(bars_template);
TOKAMARK_ASSET(lines_template);
TOKAMARK_ASSET(chart_library);
TOKAMARK_ASSET(chart_notices);

#undef TOKAMARK_ASSET

namespace tokamark::report {
namespace {

std::string_view between(const char* begin, const char* end) {
  return {begin, static_cast<std::size_t>(end - begin)};
}

}  // namespace

std::string_view page_style() {
  return between(tokamark_page_style_begin, tokamark_page_style_end);
}
std::string_view page_script() {
  return between(tokamark_page_script_begin, tokamark_page_script_end);
}
std::string_view figure_config() {
  return between(tokamark_figure_config_begin, tokamark_figure_config_end);
}
std::string_view bars_template() {
  return between(tokamark_bars_template_begin, tokamark_bars_template_end);
}
std::string_view lines_template() {
  return between(tokamark_lines_template_begin, tokamark_lines_template_end);
}
std::string_view chart_library() {
  return between(tokamark_chart_library_begin, tokamark_chart_library_end);
}
std::string_view chart_notices() {
  return between(tokamark_chart_notices_begin, tokamark_chart_notices_end);
}

}  // namespace tokamark::report
