#include "assets/fonts.h"

#include "base/embedded.h"

TOKAMARK_EMBEDDED(inter_regular);
TOKAMARK_EMBEDDED(inter_italic);
TOKAMARK_EMBEDDED(inter_semibold);
TOKAMARK_EMBEDDED(font_notices);

namespace tokamark::assets {

std::array<std::string_view, 3> font_files() {
  return {TOKAMARK_EMBEDDED_BYTES(inter_regular), TOKAMARK_EMBEDDED_BYTES(inter_italic),
          TOKAMARK_EMBEDDED_BYTES(inter_semibold)};
}

std::string_view font_notices() { return TOKAMARK_EMBEDDED_BYTES(font_notices); }

}  // namespace tokamark::assets
