#include "probe/process_usage.h"

#include <fmt/format.h>
#include <unistd.h>

#include <sstream>
#include <string>

#include "base/files.h"

namespace tokamark::probe {

std::optional<std::int64_t> parse_statm_resident_pages(std::string_view text) {
  std::istringstream in{std::string(text)};
  std::int64_t size = 0;
  std::int64_t resident = 0;
  in >> size >> resident;
  if (in.fail()) return std::nullopt;
  return resident;
}

std::optional<StatTimes> parse_stat_times(std::string_view text) {
  const std::size_t close = text.rfind(')');  // the name before it may hold anything
  if (close == std::string_view::npos) return std::nullopt;
  std::istringstream in{std::string(text.substr(close + 1))};
  // proc(5): after the name come fields 3 (state) ... 14 (utime), 15 (stime) ... 22 (starttime).
  std::string skipped;
  std::int64_t utime = 0;
  std::int64_t stime = 0;
  StatTimes times;
  for (int field = 3; field < 14; ++field) in >> skipped;
  in >> utime >> stime;
  for (int field = 16; field < 22; ++field) in >> skipped;
  in >> times.started_ticks;
  if (in.fail()) return std::nullopt;
  times.cpu_ticks = utime + stime;
  return times;
}

std::optional<ProcessUsage> ProcessMeter::read(const std::vector<pid_t>& pids) {
  static const std::int64_t page_bytes = ::sysconf(_SC_PAGESIZE);
  static const std::int64_t ticks_per_s = ::sysconf(_SC_CLK_TCK);
  ProcessUsage usage;
  bool any = false;
  for (const pid_t pid : pids) {
    const auto pages =
        parse_statm_resident_pages(base::read_file_or_nothing(fmt::format("/proc/{}/statm", pid)));
    const auto times =
        parse_stat_times(base::read_file_or_nothing(fmt::format("/proc/{}/stat", pid)));
    if (!pages || !times) continue;
    any = true;
    usage.rss_bytes += *pages * page_bytes;
    cpu_ticks_[{pid, times->started_ticks}] = times->cpu_ticks;
  }
  if (!any) return std::nullopt;
  std::int64_t ticks = 0;
  for (const auto& [process, used] : cpu_ticks_) ticks += used;
  usage.cpu = base::Nanos(ticks * (1'000'000'000 / ticks_per_s));
  return usage;
}

}  // namespace tokamark::probe
