#include "probe/host_usage.h"

#include <unistd.h>

#include <sstream>
#include <string>

#include "base/files.h"

namespace tokamark::probe {

std::optional<std::int64_t> parse_meminfo_used_bytes(std::string_view text) {
  std::istringstream in{std::string(text)};
  std::optional<std::int64_t> total, available;
  std::string line;
  while (std::getline(in, line) && !(total && available)) {
    std::istringstream words(line);
    std::string name;
    std::int64_t kib = 0;
    if (!(words >> name >> kib)) continue;
    if (name == "MemTotal:") total = kib;
    if (name == "MemAvailable:") available = kib;
  }
  if (!total || !available) return std::nullopt;
  return (*total - *available) * 1024;
}

std::optional<std::int64_t> parse_stat_busy_ticks(std::string_view text) {
  std::istringstream in{std::string(text)};
  std::string name;
  std::int64_t user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0;
  in >> name >> user >> nice >> system >> idle >> iowait >> irq >> softirq;
  if (in.fail() || name != "cpu") return std::nullopt;
  return user + nice + system + irq + softirq;
}

std::optional<HostUsage> read_host_usage() {
  static const std::int64_t ticks_per_s = ::sysconf(_SC_CLK_TCK);
  const auto memory = parse_meminfo_used_bytes(base::read_file_or_nothing("/proc/meminfo"));
  const auto ticks = parse_stat_busy_ticks(base::read_file_or_nothing("/proc/stat"));
  if (!memory || !ticks) return std::nullopt;
  return HostUsage{*memory, base::Nanos(*ticks * (1'000'000'000 / ticks_per_s))};
}

}  // namespace tokamark::probe
