#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/clock.h"

namespace tokamark::load {

/// What the calling thread has used since it began.
struct ThreadUsage {
  double cpu_s = 0.0;
  /// Time that the thread was ready to run and waited for a core; empty where the kernel has no
  /// schedstat.
  std::optional<base::Nanos> run_delay;
  std::int64_t voluntary = 0;    ///< context switches because the thread waited for something
  std::int64_t involuntary = 0;  ///< context switches because another thread was given the core
};

/// The second number of /proc/PID/schedstat, nanoseconds on the run queue (Linux,
/// Documentation/scheduler/sched-stats.rst). Empty when malformed, and when all of it is zero,
/// which is how a kernel without these counts writes it.
std::optional<base::Nanos> parse_run_delay(std::string_view schedstat);

/// Reads it for the calling thread. Neither locks nor allocates.
ThreadUsage read_thread_usage();

}  // namespace tokamark::load
