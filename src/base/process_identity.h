#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tokamark::base {

/// One process for good, also after its number was given to another one.
struct ProcessIdentity {
  std::int64_t pid = 0;
  std::int64_t start_ticks = 0;  ///< after the machine's start, in clock ticks (proc(5), field 22)
  std::string boot_id;           ///< of the kernel since its start
  std::string pid_namespace;     ///< in which `pid` counts
};

/// The calling process. A part that /proc does not tell stays empty or 0.
ProcessIdentity this_process();

/// `unknown`: it runs, or ran, on another machine, in another container, or /proc does not tell.
enum class Liveness { alive, ended, unknown };

/// Whether that process still runs. Reads /proc alone; sends no signal and takes no lock.
Liveness liveness_of(const ProcessIdentity& process);

/// Field 22 of the text of /proc/PID/stat; the name in it may hold spaces and brackets. Empty when
/// malformed.
std::optional<std::int64_t> start_ticks_of(std::string_view stat);

}  // namespace tokamark::base
