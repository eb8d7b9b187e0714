#pragma once

#include <array>
#include <string_view>

namespace tokamark::assets {

/// The TrueType files of Inter that figures are drawn with: regular, italic, semibold. Valid for
/// the program's whole life. In a library of their own, tokamark_fonts, that only the renderer
/// links.
std::array<std::string_view, 3> font_files();

/// Their licence.
std::string_view font_notices();

}  // namespace tokamark::assets
