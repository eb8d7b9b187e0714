#pragma once

#include <span>

namespace tokamark::engine {

/// What a program prints.
struct KnownLog {
  const char* name;  ///< of the pattern that it must match; else of what was run
  /// "own run: PROGRAM VERSION", which printed it; or "form in the source of PROGRAM VERSION FILE,
  /// values made up".
  const char* from;
  const char* text;
};

/// Logs of starts that failed: one or more for each pattern of failure_advice.cc.
std::span<const KnownLog> failure_logs();

/// Logs that no pattern may match.
std::span<const KnownLog> logs_without_advice();

}  // namespace tokamark::engine
