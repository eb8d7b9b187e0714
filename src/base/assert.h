#pragma once

#include <string_view>

namespace tokamark::base {

/// Prints the broken invariant and aborts. Never used to judge input.
[[noreturn]] void assertion_failed(std::string_view condition, std::string_view file, int line);

}  // namespace tokamark::base

/// An invariant of our own code; always on.
#define TOKAMARK_ASSERT(condition)    \
  ((condition) ? static_cast<void>(0) \
               : ::tokamark::base::assertion_failed(#condition, __FILE__, __LINE__))
