#include "protocol/sse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tokamark::protocol {
namespace {

using testing::ElementsAre;

class Collected final : public EventSink {
 public:
  void on_event(std::string_view data) override { events.emplace_back(data); }
  std::vector<std::string> events;
};

std::vector<std::string> split(const std::string& text, std::size_t piece) {
  SseParser parser;
  Collected sink;
  for (std::size_t at = 0; at < text.size(); at += piece) {
    parser.feed(std::string_view(text).substr(at, piece), sink);
  }
  return sink.events;
}

// The expected events are those of the WHATWG text and examples (HTML standard, 9.2.6).
TEST(Sse, GivesTheSameEventsHoweverTheBytesAreCut) {
  const std::string text =
      "\xEF\xBB\xBF"
      "data: one\n\n: comment\ndata:two\r\ndata:  three\r\n\r\n"
      "event: x\nid: 7\ndata\n\ndata: four\r\rretry: 5\n\ndata: never finished\n";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    EXPECT_THAT(split(text, piece), ElementsAre("one", "two\n three", "", "four")) << piece;
  }
}

TEST(Sse, AcceptsDataWithAndWithoutTheSpaceAndKeepsTrailingBlanks) {
  EXPECT_THAT(split("data:{\"a\":1}\n\ndata: {\"b\":2} \n\n", 1000),
              ElementsAre("{\"a\":1}", "{\"b\":2} "));
}

TEST(Sse, DeliversSeveralEventsOfOneRead) {
  EXPECT_THAT(split("data: a\n\ndata: b\n\ndata: [DONE]\n\n", 1000),
              ElementsAre("a", "b", "[DONE]"));
}

TEST(Sse, IgnoresFieldsThatOnlyBeginLikeData) {
  EXPECT_THAT(split("database: x\ndata: y\n\n", 1000), ElementsAre("y"));
}

TEST(Sse, BreaksOnAnEventOverTheLimitInsteadOfGrowing) {
  SseParser parser;
  Collected sink;
  const std::string block(1U << 20U, 'x');
  parser.feed("data: ", sink);
  for (int i = 0; i < 17 && !parser.broken(); ++i) parser.feed(block, sink);
  EXPECT_TRUE(parser.broken());
  EXPECT_TRUE(sink.events.empty());
}

}  // namespace
}  // namespace tokamark::protocol
