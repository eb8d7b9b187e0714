#include "watch/event_log.h"

#include <gtest/gtest.h>

#include "protocol/sse.h"

namespace tokamark::watch {
namespace {

class Collecting final : public protocol::EventSink {
 public:
  void on_event(std::string_view data) override { events.emplace_back(data); }
  std::vector<std::string> events;
};

std::vector<std::string> events_in(const std::string& bytes) {
  protocol::SseParser parser;
  Collecting sink;
  parser.feed(bytes, sink);
  return sink.events;
}

FinishedTrial trial(const std::string& id) {
  FinishedTrial t;
  t.id = id;
  t.verdict = "valid";
  return t;
}

Snapshot state(double age_s) {
  Snapshot s;
  s.study = "s";
  s.age_s = age_s;
  return s;
}

TEST(SseEvent, IsFramedByTheStandard) {
  EXPECT_EQ(sse_event("trial", "x-1", "{}"), "event: trial\nid: x-1\ndata: {}\n\n");
  EXPECT_EQ(sse_event("state", "", "a\nb\r\nc\rd"),
            "event: state\ndata: a\ndata: b\ndata: c\ndata: d\n\n");
}

TEST(EventLog, ATextCannotBreakOutOfItsEvent) {
  EventLog log("a");
  log.add(trial("x\n\nevent: state\ndata: {}\n\n"));
  Cursor cursor;
  const auto events = events_in(log.next(cursor));
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(nlohmann::json::parse(events[0]).at("id"), "x\n\nevent: state\ndata: {}\n\n");
}

TEST(EventLog, AClientGetsEveryTrialOnceAndTheNewestState) {
  EventLog log("a");
  for (int i = 0; i < 100; ++i) log.add(trial("t" + std::to_string(i)));
  log.set_state(state(1));
  log.set_state(state(2));
  Cursor cursor;
  const auto first = events_in(log.next(cursor));
  EXPECT_EQ(first.size(), 64U) << "a bounded part";
  const auto second = events_in(log.next(cursor));
  ASSERT_EQ(second.size(), 37U) << "the other trials and one state";
  EXPECT_EQ(nlohmann::json::parse(second.back()).at("age_s"), 2.0);
  EXPECT_FALSE(log.has_news(cursor));
  EXPECT_EQ(log.next(cursor), "");
  log.set_state(state(2));
  EXPECT_FALSE(log.has_news(cursor)) << "the same again";
  log.set_state(state(3));
  EXPECT_EQ(events_in(log.next(cursor)).size(), 1U);
}

TEST(EventLog, AClientThatComesBackGoesOnWhereItWas) {
  EventLog log("a");
  for (int i = 0; i < 3; ++i) log.add(trial("t"));
  EXPECT_EQ(log.resume("a-2").trials, 2U);
  for (const char* other : {"", "a", "a-", "a-4", "a-x", "a-2x", "b-2", "a--1", "a-1-2"}) {
    EXPECT_EQ(log.resume(other).trials, 0U) << other;
  }
}

}  // namespace
}  // namespace tokamark::watch
