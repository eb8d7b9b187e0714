#include "probe/host_checks.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <sstream>

#include "net/port_range.h"

namespace tokamark::probe {

namespace {

using Status = HostStatus;

/// Descriptors beside the streams: logs, pipes, libraries, the results.
constexpr std::uint64_t kSpareFiles = 64;
/// Seconds that a closed connection keeps its port (TCP_TIMEWAIT_LEN of the kernel).
constexpr double kTimeWait_s = 60.0;
constexpr double kLeastFree_bytes = 1024.0 * 1024.0 * 1024.0;
constexpr base::Nanos kLateTimer = std::chrono::microseconds(500);
constexpr base::Nanos kVeryLateTimer = std::chrono::milliseconds(5);
constexpr const char* kNotExposed = "not exposed";

/// The first number of a text.
std::optional<double> first_number(const std::string& text) {
  std::istringstream in(text);
  double number = 0.0;
  if (!(in >> number)) return std::nullopt;
  return number;
}

double in_flight(const HostNeeds& needs) {
  return std::max<double>(needs.concurrency, needs.expected_in_flight);
}

HostCheck governor(const HostFacts& facts) {
  const std::set<std::string> words(facts.governors.begin(), facts.governors.end());
  if (words.empty()) return {"cpu_governor", Status::ok, kNotExposed, ""};
  std::string value;
  for (const std::string& word : words) value += (value.empty() ? "" : ", ") + word;
  if (words == std::set<std::string>{"performance"}) return {"cpu_governor", Status::ok, value, ""};
  return {"cpu_governor", Status::warning, value,
          "clocks that follow the load add noise: cpupower frequency-set -g performance"};
}

HostCheck cpus(const HostFacts& facts, const HostNeeds& needs) {
  HostCheck check{"cpus", Status::ok,
                  fmt::format("{} allowed, {} load threads", facts.allowed_cpus, needs.threads),
                  ""};
  if (facts.allowed_cpus >= std::size_t{needs.threads} + 1) return check;
  check.status = Status::warning;
  check.advice =
      "no core is left beside the load threads: allow more cores or lower client.threads";
  return check;
}

HostCheck load_average(const HostFacts& facts, const HostNeeds& needs) {
  const auto load = first_number(facts.loadavg);
  if (!load) return {"load_average", Status::ok, kNotExposed, ""};
  HostCheck check{"load_average", Status::ok,
                  fmt::format("{:.2f} over the last minute on {} cores", *load, facts.allowed_cpus),
                  ""};
  if (static_cast<double>(facts.allowed_cpus) - *load >= needs.threads) return check;
  check.status = Status::warning;
  check.advice = "other programs use the cores that the load threads need: end them, or wait";
  return check;
}

HostCheck port_range(const HostFacts& facts, const HostNeeds& needs) {
  const auto range = net::parse_port_range(facts.port_range);
  if (!range) return {"port_range", Status::ok, kNotExposed, ""};
  HostCheck check{"port_range", Status::ok,
                  fmt::format("{} ports ({} to {}), {:.0f} wanted", range->size(), range->low,
                              range->high, in_flight(needs)),
                  ""};
  const std::string widen = "sysctl -w net.ipv4.ip_local_port_range=\"1024 65535\"";
  if (needs.concurrency > range->size()) {
    check.status = Status::refusal;
    check.advice =
        "more streams to one address than local ports: lower the concurrency, or " + widen;
  } else if (in_flight(needs) > range->size() / 2.0) {
    check.status = Status::warning;
    check.advice = std::string(facts.whole_port_range
                                   ? "more than half of the ports, which connections that have "
                                     "just closed need too: "
                                   : "more than half of the ports, and the kernel is slow to find "
                                     "the others (0.5 ms each): ") +
                   widen;
  }
  return check;
}

HostCheck tw_reuse(const HostFacts& facts, const HostNeeds& needs) {
  const auto mode = first_number(facts.tcp_tw_reuse);
  if (!mode) return {"tcp_tw_reuse", Status::ok, kNotExposed, ""};
  HostCheck check{"tcp_tw_reuse", Status::ok, fmt::format("{:.0f}", *mode), ""};
  const bool reused = *mode == 1.0 || (*mode == 2.0 && needs.engines == HostNeeds::Where::here);
  const auto range = net::parse_port_range(facts.port_range);
  if (reused || !range || needs.rate_per_s * kTimeWait_s <= range->size()) return check;
  check.status = Status::warning;
  check.advice = fmt::format(
      "an engine that closes each connection uses the ports up beyond {:.0f} requests/s: "
      "sysctl -w net.ipv4.tcp_tw_reuse=1",
      std::floor(range->size() / kTimeWait_s));
  return check;
}

HostCheck open_files(const HostFacts& facts, const HostNeeds& needs) {
  if (!facts.open_files_hard) return {"open_files", Status::ok, kNotExposed, ""};
  const std::uint64_t limit = *facts.open_files_hard;
  HostCheck check{"open_files", Status::ok, fmt::format("{} at most", limit), ""};
  const std::string raise = "raise the hard limit (ulimit -Hn, or LimitNOFILE= of the service)";
  if (limit < needs.concurrency + kSpareFiles) {
    check.status = Status::refusal;
    check.advice = fmt::format("{} streams need {} descriptors: lower the concurrency, or {}",
                               needs.concurrency, needs.concurrency + kSpareFiles, raise);
  } else if (static_cast<double>(limit) < needs.expected_in_flight + kSpareFiles) {
    check.status = Status::warning;
    check.advice =
        fmt::format("about {:.0f} streams are to be expected: {}", needs.expected_in_flight, raise);
  }
  return check;
}

HostCheck somaxconn(const HostFacts& facts, const HostNeeds& needs) {
  const auto limit = first_number(facts.somaxconn);
  if (!limit) return {"somaxconn", Status::ok, kNotExposed, ""};
  HostCheck check{"somaxconn", Status::ok, fmt::format("{:.0f}", *limit), ""};
  if (needs.engines == HostNeeds::Where::elsewhere || in_flight(needs) <= *limit) return check;
  check.status = Status::warning;
  check.advice = fmt::format(
      "streams that connect at once overflow the engine's backlog and wait 1 s: "
      "sysctl -w net.core.somaxconn={:.0f}, and raise the engine's own backlog",
      in_flight(needs));
  return check;
}

HostCheck loopback(const HostFacts& facts, const HostNeeds& needs) {
  HostCheck check{"loopback", Status::ok, "connects, with the kernel's receive stamps", ""};
  if (!facts.loopback.problem.empty()) {
    const bool needed = needs.engines != HostNeeds::Where::elsewhere;
    check.status = needed ? Status::refusal : Status::warning;
    check.value = facts.loopback.problem;
    check.advice = "engines on this machine are reached over 127.0.0.1: ip link set lo up";
  } else if (!facts.loopback.stamped) {
    check.status = Status::warning;
    check.value = "connects, but the kernel stamps nothing";
    check.advice =
        "times then include the program's own delay: use a kernel with SO_TIMESTAMPING (a sandbox "
        "may hide it)";
  }
  return check;
}

HostCheck io_uring(const HostFacts& facts, const HostNeeds& needs) {
  if (facts.io_uring_problem.empty()) return {"io_uring", Status::ok, "can be used", ""};
  HostCheck check{"io_uring", Status::ok, facts.io_uring_problem, ""};
  if (!needs.io_uring) return check;
  check.status = Status::refusal;
  check.advice = "leave out client.receive: io_uring, or run where the kernel allows it";
  return check;
}

HostCheck timer(const HostFacts& facts) {
  if (facts.timer_lateness.empty()) return {"timer_lateness", Status::ok, "not measured", ""};
  std::vector<base::Nanos> sorted = facts.timer_lateness;
  std::sort(sorted.begin(), sorted.end());
  const base::Nanos median = sorted[(sorted.size() - 1) / 2];
  HostCheck check{"timer_lateness", Status::ok,
                  fmt::format("median {:.3f} ms, most {:.3f} ms of {} waits", base::to_ms(median),
                              base::to_ms(sorted.back()), sorted.size()),
                  ""};
  if (median <= kLateTimer && sorted.back() <= kVeryLateTimer) return check;
  check.status = Status::warning;
  check.advice =
      "the machine wakes late, so requests will leave late: free its cores, or allow "
      "real-time priority";
  return check;
}

HostCheck realtime(const HostFacts& facts, const HostNeeds& needs) {
  if (facts.realtime) return {"realtime_priority", Status::ok, "allowed", ""};
  HostCheck check{"realtime_priority", Status::ok, "not allowed", ""};
  if (facts.allowed_cpus >= std::size_t{needs.threads} + 2) return check;
  check.status = Status::warning;
  check.advice =
      "an engine on these few cores can delay the load threads: allow it with "
      "CAP_SYS_NICE or ulimit -r";
  return check;
}

HostCheck memory(const HostFacts& facts) {
  const std::string key = "MemAvailable:";
  const std::size_t at = facts.meminfo.find(key);
  const auto kib =
      at == std::string::npos ? std::nullopt : first_number(facts.meminfo.substr(at + key.size()));
  if (!kib) return {"memory_available", Status::ok, kNotExposed, ""};
  const double bytes = *kib * 1024.0;
  HostCheck check{"memory_available", Status::ok,
                  fmt::format("{:.1f} GiB", bytes / kLeastFree_bytes), ""};
  if (bytes >= kLeastFree_bytes) return check;
  check.status = Status::warning;
  check.advice = "under 1 GiB: a machine that swaps measures its disk; end other programs";
  return check;
}

}  // namespace

const char* to_word(HostStatus status) {
  switch (status) {
    case HostStatus::ok:
      return "ok";
    case HostStatus::warning:
      return "warning";
    case HostStatus::refusal:
      break;
  }
  return "refusal";
}

std::vector<HostCheck> check_host(const HostFacts& facts, const HostNeeds& needs) {
  return {governor(facts),        cpus(facts, needs),       load_average(facts, needs),
          memory(facts),          open_files(facts, needs), port_range(facts, needs),
          tw_reuse(facts, needs), somaxconn(facts, needs),  loopback(facts, needs),
          timer(facts),           realtime(facts, needs),   io_uring(facts, needs)};
}

nlohmann::json to_json(const std::vector<HostCheck>& checks) {
  nlohmann::json list = nlohmann::json::array();
  for (const HostCheck& check : checks) {
    list.push_back({{"name", check.name},
                    {"status", to_word(check.status)},
                    {"value", check.value},
                    {"advice", check.advice}});
  }
  return list;
}

}  // namespace tokamark::probe
