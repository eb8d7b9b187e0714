#include "load/request_feed.h"

#include <gtest/gtest.h>

namespace tokamark::load {
namespace {

using std::chrono::milliseconds;

workload::Schedule schedule(workload::LoadKind kind, std::size_t requests) {
  workload::Schedule s;
  s.load.kind = kind;
  s.seed = 5;
  s.prompts.push_back({"short", "hello", "", 0});
  for (std::size_t i = 0; i < requests; ++i) {
    s.requests.push_back({milliseconds(10 * i), 0, static_cast<std::uint32_t>(i + 1)});
  }
  return s;
}

protocol::RequestRenderer renderer(const workload::Schedule& s) {
  protocol::RequestShape shape;
  shape.api = "completions";
  return protocol::RequestRenderer::make(shape, s.prompts).value();
}

TEST(RequestFeed, AClosedScheduleStartsOverWithAnotherSalt) {
  const workload::Schedule s = schedule(workload::LoadKind::closed, 3);
  const protocol::RequestRenderer r = renderer(s);
  RequestFeed feed({&s, &r, 0, 1, 2});
  std::vector<RequestFeed::Ready> taken;
  for (int i = 0; i < 7; ++i) taken.push_back(feed.take());
  EXPECT_EQ(taken[3].sequence, 3U);
  EXPECT_EQ(taken[3].schedule_index, 0U);
  EXPECT_EQ(taken[6].output_tokens, 1U);
  EXPECT_NE(s.salt(0), s.salt(3));
  EXPECT_NE(taken[3].bytes.find(s.salt(3) + "hello"), std::string::npos);
}

TEST(RequestFeed, AnOpenScheduleRunsOut) {
  const workload::Schedule s = schedule(workload::LoadKind::open, 3);
  const protocol::RequestRenderer r = renderer(s);
  RequestFeed feed({&s, &r, 0, 1, 64});
  EXPECT_EQ(feed.next_offset(), milliseconds(0));
  feed.take();
  EXPECT_EQ(feed.next_offset(), milliseconds(10));
  feed.take();
  feed.take();
  EXPECT_TRUE(feed.empty());
}

TEST(RequestFeed, AClosedScheduleStopsAtItsLimit) {
  const workload::Schedule s = schedule(workload::LoadKind::closed, 3);
  const protocol::RequestRenderer r = renderer(s);
  RequestFeed feed({&s, &r, 0, 1, 2, 5});
  for (int i = 0; i < 5; ++i) {
    ASSERT_FALSE(feed.empty());
    feed.take();
  }
  EXPECT_TRUE(feed.empty());
}

TEST(RequestFeed, ThreadsShareTheScheduleWithoutOverlap) {
  const workload::Schedule s = schedule(workload::LoadKind::open, 5);
  const protocol::RequestRenderer r = renderer(s);
  RequestFeed a({&s, &r, 0, 2, 1});
  RequestFeed b({&s, &r, 1, 2, 1});
  std::vector<std::uint64_t> all;
  while (!a.empty()) all.push_back(a.take().sequence);
  while (!b.empty()) all.push_back(b.take().sequence);
  EXPECT_EQ(all, (std::vector<std::uint64_t>{0, 2, 4, 1, 3}));
}

}  // namespace
}  // namespace tokamark::load
