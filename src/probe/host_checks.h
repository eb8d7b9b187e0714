#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "probe/check.h"

namespace tokamark::probe {

/// What a run will ask of this machine.
struct HostNeeds {
  std::uint32_t threads = 1;      ///< load threads
  std::uint32_t concurrency = 0;  ///< most streams of a closed load, all to one address
  double expected_in_flight = 0;  ///< of an open load; a guess, so it never refuses
  double rate_per_s = 0;          ///< greatest rate of an open load
  enum class Where { here, elsewhere, both };
  Where engines = Where::here;
  bool io_uring = false;  ///< to receive by it
};

/// What the self-test over 127.0.0.1 found.
struct LoopbackFacts {
  std::string problem;   ///< why bytes did not come through; empty = they did
  bool stamped = false;  ///< with the kernel's receive stamp
};

/// What this machine is; read by `read_host_facts`. Texts are files of /proc and /sys as they are,
/// empty when they are not there.
struct HostFacts {
  std::vector<std::string> governors;  ///< one for each core that exposes it
  std::size_t allowed_cpus = 0;
  std::string loadavg, port_range, tcp_tw_reuse, somaxconn, meminfo;
  std::string io_uring_problem;   ///< why load threads cannot receive by io_uring; empty = they can
  bool whole_port_range = false;  ///< a socket can be given the whole range (Linux 6.3)
  std::optional<std::uint64_t> open_files_hard;
  std::vector<base::Nanos> timer_lateness;
  bool realtime = false;  ///< a thread may ask for real-time priority
  LoopbackFacts loopback;
};

/// Every check, always in the same order. Only arithmetic on what was read.
std::vector<Check> check_host(const HostFacts& facts, const HostNeeds& needs);

}  // namespace tokamark::probe
