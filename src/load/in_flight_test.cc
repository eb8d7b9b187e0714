#include "load/in_flight.h"

#include <gtest/gtest.h>

namespace tokamark::load {
namespace {

using std::chrono::nanoseconds;

// One from 10 to 30, another from 20 on: until 50 that is 20 + 30.
TEST(InFlightTime, IsTheSumOfTheTimesSoFar) {
  InFlight in_flight;
  EXPECT_EQ(in_flight.time_until(nanoseconds(5)), nanoseconds(0));
  in_flight.add(nanoseconds(10));
  in_flight.add(nanoseconds(20));
  EXPECT_EQ(in_flight.time_until(nanoseconds(25)), nanoseconds(20));
  in_flight.remove(nanoseconds(30));
  EXPECT_EQ(in_flight.time_until(nanoseconds(50)), nanoseconds(50));
}

}  // namespace
}  // namespace tokamark::load
