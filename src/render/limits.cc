#include "render/limits.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <string_view>

namespace tokamark::render {
namespace {

/// JavaScriptCore 2.50 reserves 134 GB.
constexpr rlim_t kAddressSpace = rlim_t{160} << 30;
/// Resident; a figure takes 0.2 GiB.
constexpr long kMostMemory = 3L << 30;
constexpr long kLookEvery_us = 100'000;

/// What the signal handler needs; written while no timer runs.
struct Bound {
  timespec end{};
  long page = 4096;
  std::array<char, 128> late{};
};
Bound bound;

void go_first_without_memory() {
  const int file = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (file < 0) return;
  (void)!::write(file, "1000", 4);
  ::close(file);
}

/// Resident pages, the second number of statm; -1 when they cannot be read. For a signal handler.
long resident_pages() {
  std::array<char, 64> text{};
  const int file = ::open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  const ssize_t got = file < 0 ? -1 : ::read(file, text.data(), text.size() - 1);
  if (file >= 0) ::close(file);
  long pages = -1;
  int spaces = 0;
  for (ssize_t i = 0; i < got && spaces < 2; ++i) {
    const char c = text[static_cast<std::size_t>(i)];
    if (c == ' ') {
      ++spaces;
    } else if (spaces == 1) {
      pages = (pages < 0 ? 0 : pages * 10) + (c - '0');
    }
  }
  return pages;
}

[[noreturn]] void end_with(std::string_view line) {
  (void)!::write(STDOUT_FILENO, line.data(), line.size());
  ::_exit(1);
}

void look(int /*signal*/) {
  const int kept = errno;
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  if (now.tv_sec > bound.end.tv_sec ||
      (now.tv_sec == bound.end.tv_sec && now.tv_nsec >= bound.end.tv_nsec)) {
    end_with(bound.late.data());
  }
  if (resident_pages() > kMostMemory / bound.page) {
    end_with("{\"ended\": \"took more than 3 GiB of memory to draw\"}\n");
  }
  errno = kept;
}

}  // namespace

base::Result<void> prepare_process() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur < kAddressSpace) {
    limit.rlim_cur = limit.rlim_max;
    if (limit.rlim_max < kAddressSpace || ::setrlimit(RLIMIT_AS, &limit) != 0) {
      return base::Error{
          base::ErrorKind::internal,
          fmt::format("the limit on address space is {} GiB, and the chart engine reserves 134 GB, "
                      "most of it never used; lift it with: ulimit -v unlimited",
                      limit.rlim_max >> 30)};
    }
  }
  go_first_without_memory();
  ::setenv("LC_ALL", "C.UTF-8", 1);
  ::setenv("TZ", "UTC", 1);
  return base::ok();
}

void limit_figure(std::chrono::milliseconds limit) {
  itimerval timer{};
  ::setitimer(ITIMER_REAL, &timer, nullptr);
  constexpr long kNanos = 1'000'000'000;
  ::clock_gettime(CLOCK_MONOTONIC, &bound.end);
  const long nanos = bound.end.tv_nsec + static_cast<long>(limit.count() % 1000) * 1'000'000;
  bound.end.tv_sec += limit.count() / 1000 + nanos / kNanos;
  bound.end.tv_nsec = nanos % kNanos;
  bound.page = ::sysconf(_SC_PAGESIZE);
  const auto text = fmt::format("{{\"ended\": \"took longer than {:g} s to draw\"}}\n",
                                static_cast<double>(limit.count()) / 1e3);
  text.copy(bound.late.data(), bound.late.size() - 1);
  struct sigaction action {};
  action.sa_handler = look;
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGALRM, &action, nullptr);
  timer.it_interval.tv_usec = kLookEvery_us;
  timer.it_value.tv_usec = kLookEvery_us;
  ::setitimer(ITIMER_REAL, &timer, nullptr);
}

}  // namespace tokamark::render
