#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"

namespace tokamark::render {

/// What a PDF says about itself.
struct PdfFacts {
  std::string title;
  std::int64_t created_unix_s = 0;
};

/// A page as large as the figure, one point a pixel, with its fonts inside. `svg` must come from
/// the chart library: it is trusted to be SVG. Errors: `internal`, what librsvg or cairo say.
base::Result<std::string> svg_to_pdf(const std::string& svg, const PdfFacts& facts);

/// A picture with `dpi / 72` pixels for each of the figure's, which says its resolution. Errors: as
/// above, and `study` when it would have more than 100 million pixels.
base::Result<std::string> svg_to_png(const std::string& svg, double dpi);

}  // namespace tokamark::render
