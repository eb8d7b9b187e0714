#include "run/manifest.h"

#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "base/clock.h"
#include "base/sha256.h"
#include "probe/sampler.h"

namespace tokamark::run {

namespace {

using nlohmann::json;

/// First line of a file, or null.
json first_line(const char* path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) return nullptr;
  return line;
}

/// Value of the first "key: value" or key="value" line of a file like /proc/cpuinfo, or null.
json named_line(const char* path, const std::string& key) {
  std::ifstream file(path);
  std::string line;
  while (std::getline(file, line)) {
    if (line.compare(0, key.size(), key) != 0) continue;
    const std::size_t mark = line.find_first_of(":=");
    if (mark == std::string::npos) continue;
    const std::size_t first = line.find_first_not_of(" \t\"", mark + 1);
    if (first == std::string::npos) continue;
    return line.substr(first, line.find_last_not_of(" \t\"") - first + 1);
  }
  return nullptr;
}

json file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return nullptr;
  return static_cast<std::uint64_t>(limit.rlim_cur);
}

json memory_bytes() {
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long size = ::sysconf(_SC_PAGE_SIZE);
  if (pages <= 0 || size <= 0) return nullptr;
  return static_cast<std::int64_t>(pages) * size;
}

/// The GPUs with hashed identities, or the reason why there are none.
json gpus() {
  const auto reader = probe::open_gpu_reader({});
  if (!reader.has_value()) return {{"devices", json::array()}, {"reason", reader.error().message}};
  json devices = json::array();
  for (const probe::GpuIdentity& gpu : reader.value()->gpus()) {
    devices.push_back({{"name", gpu.name},
                       {"uuid_sha256", base::sha256_hex(gpu.uuid)},
                       {"memory_bytes", gpu.total_bytes}});
  }
  return {{"devices", devices},
          {"source", reader.value()->source()},
          {"driver", reader.value()->driver_version()}};
}

}  // namespace

std::string version() { return TOKAMARK_VERSION; }

json make_manifest(const std::vector<std::string>& command_line) {
  utsname kernel{};
  ::uname(&kernel);
  return {
      {"tokamark", {{"version", version()}, {"compiler", TOKAMARK_COMPILER}}},
      {"command_line", command_line},
      {"started_utc", base::utc_now_iso8601()},
      {"host",
       {{"kernel", std::string(kernel.sysname) + " " + kernel.release},
        {"architecture", kernel.machine},
        {"distribution", named_line("/etc/os-release", "PRETTY_NAME")},
        {"cpu", named_line("/proc/cpuinfo", "model name")},
        {"cores", std::thread::hardware_concurrency()},
        {"memory_bytes", memory_bytes()},
        {"governor", first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")},
        {"open_files_limit", file_limit()},
        {"local_port_range", first_line("/proc/sys/net/ipv4/ip_local_port_range")}}},
      {"gpu", gpus()},
  };
}

}  // namespace tokamark::run
