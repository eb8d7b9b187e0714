#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/clock.h"

namespace tokamark::probe {

/// What the whole machine holds and has used, whoever uses it.
struct HostUsage {
  std::int64_t memory_used_bytes = 0;  ///< MemTotal - MemAvailable of /proc/meminfo
  /// Time that its cores worked since boot, added up: user, nice, system, irq and softirq of
  /// /proc/stat. Waiting for disks and time taken by other virtual machines are not in it.
  base::Nanos cpu{0};
};

/// MemTotal - MemAvailable from the text of /proc/meminfo. Empty when either is missing.
std::optional<std::int64_t> parse_meminfo_used_bytes(std::string_view text);

/// The working ticks of the "cpu" line of /proc/stat. Empty when malformed.
std::optional<std::int64_t> parse_stat_busy_ticks(std::string_view text);

/// Now; empty when /proc cannot be read.
std::optional<HostUsage> read_host_usage();

}  // namespace tokamark::probe
