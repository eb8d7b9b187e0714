#include "probe/host_checks.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <sstream>

#include "net/port_range.h"

namespace tokamark::probe {

namespace {

using Status = CheckStatus;

/// Descriptors beside the streams: logs, pipes, libraries, the results.
constexpr std::uint64_t kSpareFiles = 64;
/// Seconds that a closed connection keeps its port (TCP_TIMEWAIT_LEN of the kernel).
constexpr double kTimeWait_s = 60.0;
constexpr double kLeastFree_bytes = 1024.0 * 1024.0 * 1024.0;
constexpr base::Nanos kLateTimer = std::chrono::microseconds(500);
constexpr base::Nanos kVeryLateTimer = std::chrono::milliseconds(5);

/// The first number of a text.
std::optional<double> first_number(const std::string& text) {
  std::istringstream in(text);
  double number = 0.0;
  if (!(in >> number)) return std::nullopt;
  return number;
}

Check not_exposed(const std::string& name) {
  return {"host." + name, Status::skipped, "not exposed"};
}

double in_flight(const HostNeeds& needs) {
  return std::max<double>(needs.concurrency, needs.expected_in_flight);
}

Check governor(const HostFacts& facts) {
  const std::set<std::string> words(facts.governors.begin(), facts.governors.end());
  if (words.empty()) return not_exposed("cpu_governor");
  std::string value;
  for (const std::string& word : words) value += (value.empty() ? "" : ", ") + word;
  if (words == std::set<std::string>{"performance"}) {
    return {"host.cpu_governor", Status::ok, value};
  }
  return {"host.cpu_governor", Status::warning, value,
          "performance on every core: clocks that follow the load add noise",
          "cpupower frequency-set -g performance"};
}

Check cpus(const HostFacts& facts, const HostNeeds& needs) {
  Check check{"host.cpus", Status::ok,
              fmt::format("{} allowed, {} load thread{}", facts.allowed_cpus, needs.threads,
                          needs.threads == 1 ? "" : "s")};
  if (facts.allowed_cpus >= std::size_t{needs.threads} + 1) return check;
  check.status = Status::warning;
  check.wanted = fmt::format("{} cores: one beside the load threads", needs.threads + 1);
  check.fix = "allow more cores (taskset, cpuset), or lower client.threads";
  return check;
}

Check load_average(const HostFacts& facts, const HostNeeds& needs) {
  const auto load = first_number(facts.loadavg);
  if (!load) return not_exposed("load_average");
  Check check{"host.load_average", Status::ok,
              fmt::format("{:.2f} over the last minute on {} cores", *load, facts.allowed_cpus)};
  if (static_cast<double>(facts.allowed_cpus) - *load >= needs.threads) return check;
  check.status = Status::warning;
  check.wanted = fmt::format("{} core{} free, for the load threads", needs.threads,
                             needs.threads == 1 ? "" : "s");
  check.fix = "end the other programs, or wait";
  return check;
}

Check port_range(const HostFacts& facts, const HostNeeds& needs) {
  const auto range = net::parse_port_range(facts.port_range);
  if (!range) return not_exposed("port_range");
  Check check{"host.port_range", Status::ok,
              fmt::format("{} ports ({} to {}), {:.0f} wanted", range->size(), range->low,
                          range->high, in_flight(needs))};
  check.fix = "sysctl -w net.ipv4.ip_local_port_range=\"1024 65535\"";
  if (needs.concurrency > range->size()) {
    check.status = Status::error;
    check.wanted = fmt::format("{} ports, as all streams go to one address", needs.concurrency);
    check.fix += ", or lower the concurrency";
  } else if (in_flight(needs) > range->size() / 2.0) {
    check.status = Status::warning;
    check.wanted = fmt::format("twice the {:.0f} streams: {}", in_flight(needs),
                               facts.whole_port_range
                                   ? "connections that have just closed need ports too"
                                   : "the kernel is slow to find the last half (0.5 ms each)");
  } else {
    check.fix.clear();
  }
  return check;
}

Check tw_reuse(const HostFacts& facts, const HostNeeds& needs) {
  const auto mode = first_number(facts.tcp_tw_reuse);
  if (!mode) return not_exposed("tcp_tw_reuse");
  Check check{"host.tcp_tw_reuse", Status::ok, fmt::format("{:.0f}", *mode)};
  const bool reused = *mode == 1.0 || (*mode == 2.0 && needs.engines == HostNeeds::Where::here);
  const auto range = net::parse_port_range(facts.port_range);
  if (reused || !range || needs.rate_per_s * kTimeWait_s <= range->size()) return check;
  check.status = Status::warning;
  check.wanted = fmt::format(
      "1: an engine that closes each connection uses the ports up beyond {:.0f} requests/s",
      std::floor(range->size() / kTimeWait_s));
  check.fix = "sysctl -w net.ipv4.tcp_tw_reuse=1";
  return check;
}

Check open_files(const HostFacts& facts, const HostNeeds& needs) {
  if (!facts.open_files_hard) return not_exposed("open_files");
  const std::uint64_t limit = *facts.open_files_hard;
  Check check{"host.open_files", Status::ok, fmt::format("{} at most", limit)};
  const std::string raise = "raise the hard limit (ulimit -Hn, or LimitNOFILE= of the service)";
  if (limit < needs.concurrency + kSpareFiles) {
    check.status = Status::error;
    check.wanted =
        fmt::format("{} for {} streams", needs.concurrency + kSpareFiles, needs.concurrency);
    check.fix = raise + ", or lower the concurrency";
  } else if (static_cast<double>(limit) < needs.expected_in_flight + kSpareFiles) {
    check.status = Status::warning;
    check.wanted = fmt::format("about {:.0f} for the streams that are to be expected",
                               needs.expected_in_flight + kSpareFiles);
    check.fix = raise;
  }
  return check;
}

Check somaxconn(const HostFacts& facts, const HostNeeds& needs) {
  const auto limit = first_number(facts.somaxconn);
  if (!limit) return not_exposed("somaxconn");
  Check check{"host.somaxconn", Status::ok, fmt::format("{:.0f}", *limit)};
  if (needs.engines == HostNeeds::Where::elsewhere || in_flight(needs) <= *limit) return check;
  check.status = Status::warning;
  check.wanted =
      fmt::format("{:.0f}: streams that connect at once overflow the engine's backlog and wait 1 s",
                  in_flight(needs));
  check.fix = fmt::format("sysctl -w net.core.somaxconn={:.0f}, and raise the engine's own backlog",
                          in_flight(needs));
  return check;
}

Check loopback(const HostFacts& facts, const HostNeeds& needs) {
  Check check{"host.loopback", Status::ok, "connects, with the kernel's receive stamps"};
  if (!facts.loopback.problem.empty()) {
    const bool needed = needs.engines != HostNeeds::Where::elsewhere;
    check.status = needed ? Status::error : Status::warning;
    check.found = facts.loopback.problem;
    check.wanted = "engines on this machine are reached over 127.0.0.1";
    check.fix = "ip link set lo up";
  } else if (!facts.loopback.stamped) {
    check.status = Status::warning;
    check.found = "connects, but the kernel stamps nothing";
    check.wanted = "the kernel's receive stamps: without them times hold the program's own delay";
    check.fix = "use a kernel with SO_TIMESTAMPING (a sandbox may hide it)";
  }
  return check;
}

Check io_uring(const HostFacts& facts, const HostNeeds& needs) {
  if (facts.io_uring_problem.empty()) return {"host.io_uring", Status::ok, "can be used"};
  Check check{"host.io_uring", Status::ok, facts.io_uring_problem};
  if (!needs.io_uring) return check;
  check.status = Status::error;
  check.wanted = "io_uring, by client.receive";
  check.fix = "leave out client.receive: io_uring, or run where the kernel allows it";
  return check;
}

Check timer(const HostFacts& facts) {
  if (facts.timer_lateness.empty()) return {"host.timer_lateness", Status::ok, "not measured"};
  std::vector<base::Nanos> sorted = facts.timer_lateness;
  std::sort(sorted.begin(), sorted.end());
  const base::Nanos median = sorted[(sorted.size() - 1) / 2];
  Check check{"host.timer_lateness", Status::ok,
              fmt::format("median {:.3f} ms, most {:.3f} ms of {} waits", base::to_ms(median),
                          base::to_ms(sorted.back()), sorted.size())};
  if (median <= kLateTimer && sorted.back() <= kVeryLateTimer) return check;
  check.status = Status::warning;
  check.wanted =
      "median up to 0.5 ms, most up to 5 ms: requests leave as late as the machine wakes";
  check.fix = "free its cores, or allow real-time priority";
  return check;
}

Check realtime(const HostFacts& facts, const HostNeeds& needs) {
  if (facts.realtime) return {"host.realtime_priority", Status::ok, "allowed"};
  Check check{"host.realtime_priority", Status::ok, "not allowed"};
  if (facts.allowed_cpus >= std::size_t{needs.threads} + 2) return check;
  check.status = Status::warning;
  check.wanted = "allowed: an engine on these few cores can delay the load threads";
  check.fix = "give CAP_SYS_NICE, or ulimit -r";
  return check;
}

Check memory(const HostFacts& facts) {
  const std::string key = "MemAvailable:";
  const std::size_t at = facts.meminfo.find(key);
  const auto kib =
      at == std::string::npos ? std::nullopt : first_number(facts.meminfo.substr(at + key.size()));
  if (!kib) return not_exposed("memory_available");
  const double bytes = *kib * 1024.0;
  Check check{"host.memory_available", Status::ok,
              fmt::format("{:.1f} GiB", bytes / kLeastFree_bytes)};
  if (bytes >= kLeastFree_bytes) return check;
  check.status = Status::warning;
  check.wanted = "1 GiB: a machine that swaps measures its disk";
  check.fix = "end other programs";
  return check;
}

}  // namespace

std::vector<Check> check_host(const HostFacts& facts, const HostNeeds& needs) {
  return {governor(facts),        cpus(facts, needs),       load_average(facts, needs),
          memory(facts),          open_files(facts, needs), port_range(facts, needs),
          tw_reuse(facts, needs), somaxconn(facts, needs),  loopback(facts, needs),
          timer(facts),           realtime(facts, needs),   io_uring(facts, needs)};
}

}  // namespace tokamark::probe
