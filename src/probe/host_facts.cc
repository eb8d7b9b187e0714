#include "probe/host_facts.h"

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/files.h"
#include "net/port_range.h"
#include "net/receive_ring.h"

namespace tokamark::probe {

namespace {

namespace fs = std::filesystem;

constexpr int kTimerWaits = 50;
constexpr base::Nanos kTimerWait = std::chrono::milliseconds(1);

/// The governor of every allowed core that has one.
std::vector<std::string> governors(const cpu_set_t& allowed) {
  std::vector<std::string> words;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &allowed)) continue;
    std::ifstream in("/sys/devices/system/cpu/cpu" + std::to_string(cpu) +
                     "/cpufreq/scaling_governor");
    std::string word;
    if (in >> word) words.push_back(word);
  }
  return words;
}

std::vector<base::Nanos> measure_timer() {
  std::vector<base::Nanos> lateness;
  for (int i = 0; i < kTimerWaits; ++i) {
    const base::TimePoint due = std::chrono::steady_clock::now() + kTimerWait;
    std::this_thread::sleep_until(due);
    lateness.push_back(std::chrono::steady_clock::now() - due);
  }
  return lateness;
}

bool realtime_allowed() {
  bool allowed = false;
  std::jthread([&allowed] {
    sched_param parameter{};
    parameter.sched_priority = 1;
    allowed = ::pthread_setschedparam(::pthread_self(), SCHED_FIFO, &parameter) == 0;
  }).join();
  return allowed;
}

bool port_range_of_a_socket() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return false;
  const bool taken = net::use_whole_port_range(socket);
  ::close(socket);
  return taken;
}

}  // namespace

HostFacts read_host_facts() {
  HostFacts facts;
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (::sched_getaffinity(0, sizeof allowed, &allowed) == 0) {
    facts.allowed_cpus = static_cast<std::size_t>(CPU_COUNT(&allowed));
    facts.governors = governors(allowed);
  } else {
    facts.allowed_cpus = std::thread::hardware_concurrency();
  }
  const fs::path proc = "/proc";
  facts.loadavg = base::read_file_or_nothing(proc / "loadavg");
  facts.meminfo = base::read_file_or_nothing(proc / "meminfo");
  facts.port_range = base::read_file_or_nothing(proc / "sys/net/ipv4/ip_local_port_range");
  facts.tcp_tw_reuse = base::read_file_or_nothing(proc / "sys/net/ipv4/tcp_tw_reuse");
  facts.somaxconn = base::read_file_or_nothing(proc / "sys/net/core/somaxconn");
  const auto ring = net::ReceiveRing::make(-1, 0);
  if (!ring.has_value()) facts.io_uring_problem = ring.error().message;
  facts.whole_port_range = port_range_of_a_socket();
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) facts.open_files_hard = limit.rlim_max;
  facts.timer_lateness = measure_timer();
  facts.realtime = realtime_allowed();
  facts.loopback = test_loopback();
  return facts;
}

}  // namespace tokamark::probe
