#include "load/window.h"

#include <gtest/gtest.h>

namespace tokamark::load {
namespace {

using std::chrono::seconds;

WindowRule rule() {
  WindowRule r;
  r.warmup = seconds(30);
  r.warmup_requests = 16;
  r.least = seconds(60);
  r.least_requests = 3;
  r.longest = seconds(600);
  return r;
}

TEST(Window, OpensAfterBothTheWarmUpTimeAndTheWarmUpRequests) {
  Window window(rule());
  window.advance(seconds(31));
  EXPECT_FALSE(window.opened());
  for (int i = 0; i < 16; ++i) window.count_ended(seconds(1));
  window.advance(seconds(40));
  EXPECT_TRUE(window.opened());
  EXPECT_EQ(window.start(), seconds(40));
}

TEST(Window, OpensWithoutTheWarmUpRequestsOnceTheLongestWarmUpIsOver) {
  WindowRule r = rule();
  r.longest_warmup = seconds(100);
  Window window(r);
  window.advance(seconds(99));
  EXPECT_FALSE(window.opened());
  window.advance(seconds(100));
  EXPECT_TRUE(window.opened());
}

TEST(Window, ClosesAfterBothTheLeastTimeAndTheLeastRequestsScheduledInside) {
  Window window(rule());
  for (int i = 0; i < 16; ++i) window.count_ended(seconds(1));
  window.advance(seconds(40));
  window.count_ended(seconds(39));  // scheduled in the warm-up: does not count
  window.count_ended(seconds(41));
  window.count_ended(seconds(42));
  window.advance(seconds(100));
  EXPECT_FALSE(window.closed());
  window.count_ended(seconds(43));
  window.advance(seconds(110));
  EXPECT_TRUE(window.closed());
  EXPECT_EQ(window.end(), seconds(110));
  EXPECT_TRUE(window.contains(seconds(40)));
  EXPECT_FALSE(window.contains(seconds(110)));
}

TEST(Window, ClosesAtItsLongestWhateverTheRequestFloorSays) {
  Window window(rule());
  for (int i = 0; i < 16; ++i) window.count_ended(seconds(1));
  window.advance(seconds(40));
  window.advance(seconds(639));
  EXPECT_FALSE(window.closed());
  window.advance(seconds(640));
  EXPECT_TRUE(window.closed());
}

}  // namespace
}  // namespace tokamark::load
