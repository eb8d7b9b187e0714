#include "page/page_files.h"

#include <string>

#include "assets/assets.h"
#include "base/embedded.h"

TOKAMARK_EMBEDDED(page_style);
TOKAMARK_EMBEDDED(page_script);

namespace tokamark::page {

std::string_view page_style() { return TOKAMARK_EMBEDDED_BYTES(page_style); }
std::string_view page_script() {
  static const std::string script =
      std::string(assets::target_script()) + std::string(TOKAMARK_EMBEDDED_BYTES(page_script));
  return script;
}

}  // namespace tokamark::page
