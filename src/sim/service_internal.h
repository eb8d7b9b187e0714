#pragma once

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cstdint>
#include <ctime>

#include "sim/dialect.h"

namespace tokamark::sim {

/// Seconds since 1970.
inline std::int64_t wall_seconds() { return static_cast<std::int64_t>(std::time(nullptr)); }

/// What a head needs to know now.
inline HeadContext head_context(KeepAlive keep_alive) {
  return {fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(std::time(nullptr))), keep_alive};
}

}  // namespace tokamark::sim
