#pragma once

#include <cstddef>
#include <string_view>

/// Defines `std::string_view name()`: the bytes of the file that tokamark_embed
/// (cmake/embed.cmake) put into the program under that name, valid for its whole life. At global
/// scope, after `TOKAMARK_EMBEDDED(name)`.
#define TOKAMARK_EMBEDDED(name)                    \
  extern "C" const char tokamark_##name##_begin[]; \
  extern "C" const char tokamark_##name##_end[]

/// The bytes between the symbols of TOKAMARK_EMBEDDED(name).
#define TOKAMARK_EMBEDDED_BYTES(name)       \
  std::string_view(tokamark_##name##_begin, \
                   static_cast<std::size_t>(tokamark_##name##_end - tokamark_##name##_begin))
