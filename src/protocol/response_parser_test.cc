#include "protocol/response_parser.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

namespace tokamark::protocol {
namespace {

class Collected final : public ResponseSink {
 public:
  void on_head(int code) override { status = code; }
  void on_body(std::string_view bytes) override { body.append(bytes); }
  int status = 0;
  std::string body;
};

/// Feeds the text in pieces, each in a buffer with the headroom that the parser asks for.
void feed(ResponseParser& parser, const std::string& text, std::size_t piece, Collected& sink) {
  std::vector<char> buffer(ResponseParser::kHeadroom + piece);
  for (std::size_t at = 0; at < text.size(); at += piece) {
    const std::size_t size = std::min(piece, text.size() - at);
    std::memcpy(buffer.data() + ResponseParser::kHeadroom, text.data() + at, size);
    parser.feed(buffer.data() + ResponseParser::kHeadroom, size, sink);
  }
}

const std::string kChunked =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    "5\r\nhello\r\n6;ext=1\r\n world\r\n0\r\n\r\n";

TEST(ResponseParser, ReadsAChunkedBodyHoweverItIsCut) {
  for (std::size_t piece = 1; piece <= kChunked.size(); ++piece) {
    ResponseParser parser;
    Collected sink;
    feed(parser, kChunked, piece, sink);
    EXPECT_EQ(parser.state(), ResponseParser::State::done) << piece;
    EXPECT_EQ(sink.status, 200);
    EXPECT_EQ(sink.body, "hello world");
    EXPECT_TRUE(parser.keep_alive());
  }
}

TEST(ResponseParser, ReadsSeveralResponsesOfOneConnection) {
  ResponseParser parser;
  for (int i = 0; i < 3; ++i) {
    Collected sink;
    parser.reset();
    feed(parser, kChunked, 7, sink);
    EXPECT_EQ(sink.body, "hello world");
  }
}

TEST(ResponseParser, ReadsABodyWithALengthAndConnectionClose) {
  ResponseParser parser;
  Collected sink;
  feed(parser, "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\nConnection: close\r\n\r\nnope", 3,
       sink);
  EXPECT_EQ(parser.state(), ResponseParser::State::done);
  EXPECT_EQ(sink.status, 404);
  EXPECT_EQ(sink.body, "nope");
  EXPECT_FALSE(parser.keep_alive());
}

TEST(ResponseParser, EndsABodyWithoutALengthAtTheEndOfTheConnection) {
  ResponseParser parser;
  Collected sink;
  feed(parser, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nrest", 9, sink);
  EXPECT_EQ(parser.state(), ResponseParser::State::body);
  parser.feed_eof(sink);
  EXPECT_EQ(parser.state(), ResponseParser::State::done);
  EXPECT_EQ(sink.body, "rest");
}

TEST(ResponseParser, BreaksWhenAChunkedBodyEndsWithoutItsLastChunk) {
  ResponseParser parser;
  Collected sink;
  feed(parser, kChunked.substr(0, kChunked.size() - 5), 50, sink);
  parser.feed_eof(sink);
  EXPECT_EQ(parser.state(), ResponseParser::State::broken);
  EXPECT_EQ(parser.error(), "closed in the middle of the response");
}

TEST(ResponseParser, SaysWhenTheConnectionClosedWithoutAnAnswer) {
  ResponseParser parser;
  Collected sink;
  parser.feed_eof(sink);
  EXPECT_EQ(parser.state(), ResponseParser::State::broken);
  EXPECT_EQ(parser.error(), "closed before any byte of the response");
}

TEST(ResponseParser, BreaksOnBytesThatAreNotHttp) {
  ResponseParser parser;
  Collected sink;
  feed(parser, "SSH-2.0-OpenSSH_9.2\r\n\r\n", 100, sink);
  EXPECT_EQ(parser.state(), ResponseParser::State::broken);
  EXPECT_FALSE(parser.error().empty());
}

TEST(ResponseParser, BreaksOnBytesAfterTheEnd) {
  ResponseParser parser;
  Collected sink;
  feed(parser, kChunked + "HTTP/1.1 200 OK\r\n", 1000, sink);
  EXPECT_EQ(parser.state(), ResponseParser::State::broken);
  EXPECT_TRUE(parser.whole());
}

}  // namespace
}  // namespace tokamark::protocol
