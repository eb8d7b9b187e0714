#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace tokamark::probe {

/// What a set of processes holds and has used.
struct ProcessUsage {
  /// Resident set sizes added up (VmRSS of /proc/PID/statm): pages that several of the processes
  /// share, such as libraries, count once for each, so this is an upper bound. The proportional
  /// size would be exact but walks every mapping, milliseconds a process at 10 Hz.
  std::int64_t rss_bytes = 0;
  base::Nanos cpu{0};  ///< user and system time; processes that have ended keep counting
};

/// Resident pages from the text of /proc/PID/statm. Empty when malformed.
std::optional<std::int64_t> parse_statm_resident_pages(std::string_view text);

/// utime + stime and the start time, in clock ticks, from the text of /proc/PID/stat.
struct StatTimes {
  std::int64_t cpu_ticks = 0;
  std::int64_t started_ticks = 0;
};
std::optional<StatTimes> parse_stat_times(std::string_view text);

/// Reads /proc for a changing set of processes. Used by one thread.
class ProcessMeter {
 public:
  /// Empty when none of the processes can be read.
  std::optional<ProcessUsage> read(const std::vector<pid_t>& pids);

 private:
  /// A process id may come again with another process, so its start time is part of the key.
  std::map<std::pair<pid_t, std::int64_t>, std::int64_t> cpu_ticks_;
};

}  // namespace tokamark::probe
