#include "load/thread_usage.h"

#include <gtest/gtest.h>

namespace tokamark::load {
namespace {

TEST(ThreadUsage, TheRunDelayIsTheSecondNumber) {
  EXPECT_EQ(parse_run_delay("5023114 87001 42\n"), base::Nanos(87001));
  EXPECT_EQ(parse_run_delay("0 0 1\n"), base::Nanos(0));
}

TEST(ThreadUsage, AKernelWithoutTheCountsGivesNone) {
  EXPECT_EQ(parse_run_delay("0 0 0\n"), std::nullopt);
  EXPECT_EQ(parse_run_delay(""), std::nullopt);
  EXPECT_EQ(parse_run_delay("12 x 3"), std::nullopt);
  EXPECT_EQ(parse_run_delay("12 -4 3"), std::nullopt);
  EXPECT_EQ(parse_run_delay("12 4"), std::nullopt);
}

TEST(ThreadUsage, NeverFalls) {
  const ThreadUsage before = read_thread_usage();
  const ThreadUsage after = read_thread_usage();
  EXPECT_GE(after.cpu_s, before.cpu_s);
  EXPECT_GE(after.voluntary, before.voluntary);
  EXPECT_GE(after.involuntary, before.involuntary);
  EXPECT_EQ(after.run_delay.has_value(), before.run_delay.has_value());
  EXPECT_GE(after.run_delay.value_or(base::Nanos(0)), before.run_delay.value_or(base::Nanos(0)));
}

}  // namespace
}  // namespace tokamark::load
