#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tokamark::engine {

/// One process as /proc/PID/stat tells it.
struct ProcessEntry {
  pid_t pid = 0;
  pid_t parent = 0;
  char state = '?';  ///< 'Z' is a zombie
  std::string name;  ///< the kernel's "comm", at most 15 characters
};

/// Parses the text of /proc/PID/stat; the name may hold spaces and brackets. Empty when malformed.
std::optional<ProcessEntry> parse_proc_stat(std::string_view text);

/// Every process that /proc shows now, in no order. Processes that end meanwhile are left out.
std::vector<ProcessEntry> process_table();

/// The children of `root`, their children and so on, zombies included, `root` left out.
std::vector<ProcessEntry> descendants(const std::vector<ProcessEntry>& table, pid_t root);

/// Live processes whose initial environment holds `assignment` ("NAME=value"). Finds processes
/// that lost their ancestors; processes of other users cannot be read and are left out.
std::vector<pid_t> processes_with_environment(std::string_view assignment);

/// A process that listens on a TCP port of this machine.
struct Listener {
  pid_t pid = 0;
  std::string name;
};

/// Who listens on the port, on any address. Empty when nobody does, or when the owner belongs to
/// another user and /proc hides it.
std::optional<Listener> listener_of(std::uint16_t port);

}  // namespace tokamark::engine
