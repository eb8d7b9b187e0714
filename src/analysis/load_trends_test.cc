#include "analysis/load_trends.h"

#include <gtest/gtest.h>

#include <vector>

namespace tokamark::analysis {
namespace {

using record::RequestRecord;
using std::chrono::milliseconds;

/// 200 requests over 2 s, one every 10 ms, each in flight for `ms(i)`, with that TTFT.
template <typename Time>
std::vector<RequestRecord> requests(Time ms) {
  std::vector<RequestRecord> records;
  for (int i = 0; i < 200; ++i) {
    RequestRecord& r = records.emplace_back();
    r.phase = record::Phase::measured;
    r.status = record::RequestStatus::succeeded;
    r.scheduled = r.sent = milliseconds(10 * i);
    r.first_token = r.ended = r.sent + milliseconds(ms(i));
  }
  return records;
}

TrialFacts two_seconds() {
  TrialFacts facts;
  facts.window_start = milliseconds(0);
  facts.window_end = milliseconds(2000);
  return facts;
}

TEST(LoadTrends, RiseWhereEveryRequestTakesLonger) {
  const LoadTrends found = load_trends(two_seconds(), requests([](int i) { return 20 + i; }));
  EXPECT_LT(found.in_flight_p.value(), 1e-6);
  EXPECT_LT(found.ttft_p.value(), 1e-6);
  // From 20 ms by 1 ms a request: 200 ms over the window, of a mean of 20 + 99.5.
  EXPECT_NEAR(found.ttft_rise_share.value(), 200.0 / 119.5, 1e-9);
}

TEST(LoadTrends, AFallIsNoRise) {
  const LoadTrends found = load_trends(two_seconds(), requests([](int i) { return 250 - i; }));
  EXPECT_GT(found.ttft_p.value(), 0.99);
}

// TTFT alternates within every part alike, so that its means are equal.
TEST(LoadTrends, AreNotSeenInASteadyLoad) {
  const LoadTrends found =
      load_trends(two_seconds(), requests([](int i) { return i % 2 == 0 ? 4 : 8; }));
  EXPECT_EQ(found.in_flight_p.value(), 1.0);
  EXPECT_EQ(found.ttft_p.value(), 1.0);
}

TEST(LoadTrends, NeedRequestsInEveryPartAndAHundredOfThem) {
  auto records = requests([](int) { return 4; });
  records.resize(190);  // the last part, from 1,900 ms on, has none
  EXPECT_FALSE(load_trends(two_seconds(), records).ttft_p.has_value());
  std::vector<RequestRecord> few;
  for (std::size_t i = 0; i < 200; i += 10) few.push_back(requests([](int) { return 4; })[i]);
  EXPECT_FALSE(load_trends(two_seconds(), few).ttft_p.has_value());
  TrialFacts never_opened;
  EXPECT_FALSE(load_trends(never_opened, records).ttft_p.has_value());
}

}  // namespace
}  // namespace tokamark::analysis
