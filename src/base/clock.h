#pragma once

#include <chrono>
#include <string>

namespace tokamark::base {

using Nanos = std::chrono::nanoseconds;

/// A point on the machine's monotonic clock (CLOCK_MONOTONIC on Linux).
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Nanos>;

/// The present moment; callable from any thread.
inline TimePoint now() { return std::chrono::steady_clock::now(); }

/// Seconds as a double, for text boundaries and statistics only.
inline double to_seconds(Nanos d) { return std::chrono::duration<double>(d).count(); }
/// Milliseconds as a double, for text boundaries and statistics only.
inline double to_ms(Nanos d) { return std::chrono::duration<double, std::milli>(d).count(); }
/// Nearest nanosecond of a number of seconds.
Nanos from_seconds(double seconds);

/// Wall-clock time as `2026-11-24T06:54:45Z`, for manifests only.
std::string utc_now_iso8601();
/// Wall-clock time as `20261124T065445Z`, for folder names.
std::string utc_now_compact();

}  // namespace tokamark::base
