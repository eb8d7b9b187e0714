#include "probe/host_usage.h"

#include <gtest/gtest.h>

namespace tokamark::probe {
namespace {

TEST(HostUsage, UsedMemoryIsWhatIsNotAvailable) {
  const char* const text =
      "MemTotal:       24689764 kB\nMemFree:         1000000 kB\nMemAvailable:   20689764 kB\n";
  EXPECT_EQ(parse_meminfo_used_bytes(text), 4'000'000LL * 1024);
  EXPECT_FALSE(parse_meminfo_used_bytes("MemTotal: 5 kB\nMemFree: 1 kB\n").has_value());
  EXPECT_FALSE(parse_meminfo_used_bytes("").has_value());
}

TEST(HostUsage, BusyTicksLeaveOutIdleDisksAndStolenTime) {
  // user 100, nice 2, system 30, idle 9000, iowait 70, irq 4, softirq 5, steal 600, guest 7.
  EXPECT_EQ(parse_stat_busy_ticks("cpu  100 2 30 9000 70 4 5 600 7 0\ncpu0 1 1 1 1 1 1 1\n"), 141);
  EXPECT_FALSE(parse_stat_busy_ticks("cpu  100 2\n").has_value());
  EXPECT_FALSE(parse_stat_busy_ticks("intr 1 2 3 4 5 6 7 8\n").has_value());
}

TEST(HostUsage, IsReadOnThisMachine) {
  const auto usage = read_host_usage();
  ASSERT_TRUE(usage.has_value());
  EXPECT_GT(usage->memory_used_bytes, 0);
  EXPECT_GT(usage->cpu.count(), 0);
}

}  // namespace
}  // namespace tokamark::probe
