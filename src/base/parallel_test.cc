#include "base/parallel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <latch>
#include <thread>
#include <vector>

namespace tokamark::base {
namespace {

using testing::Each;

TEST(ForEachIndex, CallsEachOnceHoweverManyThreads) {
  for (const std::size_t threads : {1, 3, 64}) {
    std::vector<int> calls(40, 0);
    for_each_index(calls.size(), threads, [&calls](std::size_t i) { ++calls[i]; });
    EXPECT_THAT(calls, Each(1)) << threads;
  }
  for_each_index(0, 4, [](std::size_t) { FAIL(); });
}

TEST(ForEachIndex, CallsGoOnAtTheSameTime) {
  std::latch both(2);  // neither call returns before the other has begun
  for_each_index(2, 2, [&both](std::size_t) { both.arrive_and_wait(); });
}

TEST(ForEachIndex, OneThreadIsTheCallers) {
  const auto caller = std::this_thread::get_id();
  for_each_index(3, 1, [caller](std::size_t) { EXPECT_EQ(std::this_thread::get_id(), caller); });
}

}  // namespace
}  // namespace tokamark::base
