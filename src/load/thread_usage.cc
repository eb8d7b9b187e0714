#include "load/thread_usage.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <charconv>

namespace tokamark::load {

namespace {

std::optional<base::Nanos> read_run_delay() {
  const int file = ::open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
  if (file < 0) return std::nullopt;
  std::array<char, 128> text{};
  const ssize_t size = ::read(file, text.data(), text.size());
  ::close(file);
  if (size <= 0) return std::nullopt;
  return parse_run_delay({text.data(), static_cast<std::size_t>(size)});
}

}  // namespace

std::optional<base::Nanos> parse_run_delay(std::string_view schedstat) {
  std::array<std::int64_t, 3> numbers{};  // time on a core, time on the run queue, turns
  const char* at = schedstat.data();
  const char* const end = at + schedstat.size();
  for (std::int64_t& number : numbers) {
    while (at != end && *at == ' ') ++at;
    const auto [next, error] = std::from_chars(at, end, number);
    if (error != std::errc() || number < 0) return std::nullopt;
    at = next;
  }
  if (numbers[0] == 0 && numbers[1] == 0 && numbers[2] == 0) return std::nullopt;
  return base::Nanos(numbers[1]);
}

ThreadUsage read_thread_usage() {
  rusage usage{};
  ::getrusage(RUSAGE_THREAD, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  ThreadUsage result;
  result.cpu_s = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  result.run_delay = read_run_delay();
  result.voluntary = usage.ru_nvcsw;
  result.involuntary = usage.ru_nivcsw;
  return result;
}

}  // namespace tokamark::load
