#include "assets/assets.h"

#include "base/embedded.h"

TOKAMARK_EMBEDDED(chart_library);
TOKAMARK_EMBEDDED(chart_notices);
TOKAMARK_EMBEDDED(target_script);

namespace tokamark::assets {

std::string_view chart_library() { return TOKAMARK_EMBEDDED_BYTES(chart_library); }
std::string_view chart_notices() { return TOKAMARK_EMBEDDED_BYTES(chart_notices); }
std::string_view target_script() { return TOKAMARK_EMBEDDED_BYTES(target_script); }

}  // namespace tokamark::assets
