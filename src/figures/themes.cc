#include "figures/themes.h"

#include <array>
#include <string>

#include "base/embedded.h"

TOKAMARK_EMBEDDED(theme_paper);
TOKAMARK_EMBEDDED(theme_slides);
TOKAMARK_EMBEDDED(theme_web);

namespace tokamark::figures {
namespace {

constexpr std::array kThemes{Theme::paper, Theme::slides, Theme::web};

std::string_view text_of(Theme theme) {
  if (theme == Theme::paper) return TOKAMARK_EMBEDDED_BYTES(theme_paper);
  if (theme == Theme::slides) return TOKAMARK_EMBEDDED_BYTES(theme_slides);
  return TOKAMARK_EMBEDDED_BYTES(theme_web);
}

}  // namespace

nlohmann::json theme(Theme theme) { return nlohmann::json::parse(text_of(theme)); }

std::string_view to_word(Theme theme) {
  if (theme == Theme::paper) return "paper";
  return theme == Theme::slides ? "slides" : "web";
}

base::Result<Theme> parse_theme(std::string_view word) {
  std::string known;
  for (const Theme each : kThemes) {
    if (to_word(each) == word) return each;
    known += (known.empty() ? "" : ", ") + std::string(to_word(each));
  }
  return base::Error{base::ErrorKind::usage,
                     "no theme is named '" + std::string(word) + "'; there are " + known};
}

}  // namespace tokamark::figures
