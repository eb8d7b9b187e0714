#include "load/stream_reader.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

namespace tokamark::load {
namespace {

using record::RequestError;
using record::RequestStatus;
using std::chrono::milliseconds;

std::string chunked(const std::string& body) {
  char size[32];
  std::snprintf(size, sizeof size, "%zx\r\n", body.size());
  return size + body + "\r\n";
}

const std::string kHead =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
const std::string kEnd = "0\r\n\r\n";

std::string event(const std::string& json) { return "data: " + json + "\n\n"; }
const std::string kRole =
    event(R"({"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]})");
const std::string kToken = event(R"({"choices":[{"index":0,"delta":{"content":"x"}}]})");
const std::string kFinish =
    event(R"({"choices":[{"index":0,"delta":{},"finish_reason":"length"}]})");
const std::string kDone = event("[DONE]");

std::string usage(int tokens) {
  return event(R"({"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":)" +
               std::to_string(tokens) + "}}");
}

class Reading : public testing::Test {
 protected:
  void SetUp() override {
    record::RequestRecord record;
    record.scheduled = milliseconds(0);
    record.sent = milliseconds(1);
    record.requested_output_tokens = 3;
    reader.begin(record, ChunkCounting::one_each);
  }
  /// The bytes arrive at `ms`, stamped by the kernel, and are read half a millisecond later.
  void at(int ms, const std::string& bytes) {
    std::vector<char> buffer(protocol::ResponseParser::kHeadroom + bytes.size());
    char* data = buffer.data() + protocol::ResponseParser::kHeadroom;
    std::memcpy(data, bytes.data(), bytes.size());
    reader.on_bytes(data, bytes.size(),
                    {milliseconds(ms), std::chrono::microseconds(500), ReadStamp::Source::kernel});
  }
  protocol::StreamEventParser events;
  StreamReader reader{events};
};

TEST_F(Reading, StampsFirstByteFirstTokenAndLastTokenApart) {
  at(10, kHead);
  at(20, chunked(kRole));
  at(30, chunked(kToken));
  at(40, chunked(kToken));
  at(55, chunked(kToken));
  at(56, chunked(kFinish) + chunked(usage(3)) + chunked(kDone));
  EXPECT_TRUE(reader.active());
  at(60, kEnd);
  ASSERT_FALSE(reader.active());
  EXPECT_TRUE(reader.keep_alive());
  const record::RequestRecord r = reader.take();
  EXPECT_EQ(r.status, RequestStatus::succeeded);
  EXPECT_EQ(r.first_byte, milliseconds(10));
  EXPECT_EQ(r.first_token, milliseconds(30));
  EXPECT_EQ(r.last_token, milliseconds(55));
  EXPECT_EQ(r.ended, milliseconds(60));
  EXPECT_EQ(r.output_tokens, 3);
  EXPECT_EQ(r.output_tokens_source, record::TokenSource::usage);
  EXPECT_EQ(r.input_tokens, 7);
  EXPECT_EQ(r.finish_reason, "length");
  ASSERT_EQ(r.chunks.size(), 3U);
  EXPECT_EQ(r.chunks.unpacked()[0].tokens, 1);
  EXPECT_EQ(r.chunks.unpacked()[0].receive_delay, std::chrono::microseconds(500));
  EXPECT_EQ(r.chunks.unpacked()[0].flags, record::kKernelStamp);
}

const std::string kJsonHead =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";

TEST_F(Reading, TakesAnAnswerThatIsNotStreamedAsOneChunk) {
  at(10, kJsonHead);
  at(50, chunked(R"({"choices":[{"index":0,"message":{"role":"assistant","content":"a b c"},)"));
  at(60, chunked(R"("finish_reason":"length"}],"usage":{"completion_tokens":3}})") + kEnd);
  ASSERT_FALSE(reader.active());
  EXPECT_TRUE(reader.keep_alive());
  const record::RequestRecord r = reader.take();
  EXPECT_EQ(r.status, RequestStatus::succeeded) << r.error_message;
  EXPECT_EQ(r.first_token, milliseconds(60));
  EXPECT_EQ(r.last_token, milliseconds(60));
  EXPECT_EQ(r.output_tokens, 3);
  EXPECT_EQ(r.chunks.size(), 1U);
}

TEST_F(Reading, BlanksBeforeAnAnswerDoNotDecideWhatItIs) {
  at(10, kJsonHead + chunked("\n "));
  at(20, chunked(R"( {"choices":[{"message":{"content":"a"},"finish_reason":"stop"}]})") + kEnd);
  EXPECT_EQ(reader.take().status, RequestStatus::succeeded);

  SetUp();
  at(10, kHead + chunked("\n"));
  at(20, chunked(kToken + kFinish + kDone) + kEnd);
  EXPECT_EQ(reader.take().status, RequestStatus::succeeded);
}

TEST_F(Reading, BytesBehindAWholeAnswerDoNotUndoIt) {
  const std::string body = R"({"choices":[{"message":{"content":"a"},"finish_reason":"stop"}]})";
  at(10, kJsonHead + chunked(body) + kEnd + "\r\n");
  ASSERT_FALSE(reader.active());
  EXPECT_FALSE(reader.keep_alive());
  EXPECT_EQ(reader.take().status, RequestStatus::succeeded);
}

TEST_F(Reading, AnErrorInAWhole200AnswerIsOne) {
  at(10, kJsonHead + chunked(R"({"error":{"message":"no cheese"}})") + kEnd);
  const record::RequestRecord r = reader.take();
  EXPECT_EQ(r.error, RequestError::error_event);
  EXPECT_EQ(r.error_message, "no cheese");
}

TEST_F(Reading, AWholeAnswerThatWasCutIsALostConnection) {
  at(10, kJsonHead + chunked(R"({"choices":[{"index":0,)"));
  reader.on_eof({milliseconds(12), base::Nanos(0), ReadStamp::Source::process});
  EXPECT_EQ(reader.take().error, RequestError::connection_closed);
}

TEST_F(Reading, MarksAllButTheLastTokenOfAReadThatHeldSeveral) {
  at(10, kHead + chunked(kRole + kToken + kToken) + chunked(kToken));
  at(11, chunked(kFinish + kDone) + kEnd);
  const record::RequestRecord r = reader.take();
  ASSERT_EQ(r.chunks.size(), 3U);
  EXPECT_TRUE(r.chunks.unpacked()[0].flags & record::kSharedRead);
  EXPECT_TRUE(r.chunks.unpacked()[1].flags & record::kSharedRead);
  EXPECT_FALSE(r.chunks.unpacked()[2].flags & record::kSharedRead);
}

TEST_F(Reading, ARoleEventInTheSameReadDoesNotBlurTheFirstTokensStamp) {
  at(10, kHead + chunked(kRole + kToken));
  at(11, chunked(kFinish + kDone) + kEnd);
  EXPECT_FALSE(reader.take().chunks.unpacked()[0].flags & record::kSharedRead);
}

TEST_F(Reading, ForgetsTheChunksCountsWhenTheServerCountedOtherwise) {
  at(10, kHead + chunked(kToken));
  at(11, chunked(kToken));
  at(12, chunked(usage(8)) + chunked(kFinish + kDone) + kEnd);
  const record::RequestRecord r = reader.take();
  EXPECT_EQ(r.output_tokens, 8);
  EXPECT_EQ(r.chunks.unpacked()[0].tokens, 0);
}

TEST_F(Reading, CountsChunksWhenNobodyElseCountsAndSaysSo) {
  at(10, kHead + chunked(kToken));
  at(12, chunked(kFinish + kDone) + kEnd);
  const record::RequestRecord r = reader.take();
  EXPECT_EQ(r.output_tokens, 1);
  EXPECT_EQ(r.output_tokens_source, record::TokenSource::chunks);
}

TEST_F(Reading, FailsWhenTheStreamIsCutBeforeAFinishReason) {
  at(10, kHead + chunked(kToken));
  reader.on_eof({milliseconds(20), {}, ReadStamp::Source::process});
  const record::RequestRecord r = reader.take();
  EXPECT_EQ(r.status, RequestStatus::failed);
  EXPECT_EQ(r.error, RequestError::connection_closed);
  EXPECT_EQ(r.output_tokens, 1);
}

TEST_F(Reading, SucceedsWhenTheConnectionEndsAfterTheFinishReasonWithoutDone) {
  at(10, kHead + chunked(kToken));
  at(11, chunked(kFinish));
  reader.on_eof({milliseconds(20), {}, ReadStamp::Source::process});
  EXPECT_FALSE(reader.keep_alive());
  EXPECT_EQ(reader.take().status, RequestStatus::succeeded);
}

/// transformers serve 5.19, from a run, ids shortened: the role event before anything is computed,
/// usage beside the finish reason, no [DONE].
TEST_F(Reading, TakesTheStreamOfTransformersServe) {
  const auto piece = [](const std::string& choice, const std::string& more) {
    return chunked(event(R"({"id":"c94844c4","choices":[)" + choice +
                         R"(],"created":1795564165,"model":"m@main",)"
                         R"("object":"chat.completion.chunk","system_fingerprint":"")" +
                         more + "}"));
  };
  at(13, kHead + piece(R"({"delta":{"role":"assistant"},"index":0})", ""));
  at(407, piece(R"({"delta":{"content":"I"},"index":0})", ""));
  at(520, piece(R"({"delta":{"content":"'m"},"index":0})", ""));
  at(640, piece(R"({"delta":{"content":" sorry"},"index":0})", ""));
  at(641, piece(R"({"delta":{},"index":0,"finish_reason":"length"})",
                R"(,"usage":{"completion_tokens":3,"prompt_tokens":33,"total_tokens":36})") +
              kEnd);
  const record::RequestRecord r = reader.take();
  EXPECT_EQ(r.status, RequestStatus::succeeded);
  EXPECT_EQ(r.first_token, milliseconds(407));
  EXPECT_EQ(r.last_token, milliseconds(640));
  EXPECT_EQ(r.input_tokens, 33);
  EXPECT_EQ(r.output_tokens, 3);
}

TEST_F(Reading, FailsWhenTheConnectionBreaksBeforeAFinishReason) {
  at(10, kHead + chunked(kToken));
  reader.on_broken("Connection reset by peer", {milliseconds(20), {}, ReadStamp::Source::process});
  const record::RequestRecord r = reader.take();
  EXPECT_EQ(r.status, RequestStatus::failed);
  EXPECT_EQ(r.error, RequestError::connection_closed);
  EXPECT_EQ(r.error_message, "Connection reset by peer");
  EXPECT_EQ(r.ended, milliseconds(20));
}

TEST_F(Reading, SucceedsWhenTheConnectionBreaksAfterTheFinishReason) {
  at(10, kHead + chunked(kToken));
  at(11, chunked(kFinish));
  reader.on_broken("Connection reset by peer", {milliseconds(20), {}, ReadStamp::Source::process});
  EXPECT_FALSE(reader.keep_alive());
  const record::RequestRecord r = reader.take();
  EXPECT_EQ(r.status, RequestStatus::succeeded);
  EXPECT_EQ(r.error, RequestError::none);
  EXPECT_EQ(r.output_tokens, 1);
}

TEST_F(Reading, FailsOnAnErrorEventInsideA200) {
  at(10, kHead + chunked(kToken));
  at(11, chunked(event(R"({"error":{"message":"boom","code":500}})") + kDone));
  ASSERT_FALSE(reader.active());
  const record::RequestRecord r = reader.take();
  EXPECT_EQ(r.error, RequestError::error_event);
  EXPECT_EQ(r.error_message, "boom");
}

TEST_F(Reading, FailsOnAStatusAndKeepsTheServersMessage) {
  at(10,
     "HTTP/1.1 404 Not Found\r\nContent-Length: 34\r\n\r\n{\"error\":{\"message\":\"no model "
     "m\"}}");
  const record::RequestRecord r = reader.take();
  EXPECT_EQ(r.error, RequestError::http_status);
  EXPECT_EQ(r.http_status, 404);
  EXPECT_EQ(r.error_message, "no model m");
}

TEST_F(Reading, FailsOnAnEmptyAnswer) {
  at(10, kHead + chunked(kRole + kFinish + kDone) + kEnd);
  EXPECT_EQ(reader.take().error, RequestError::no_tokens);
}

TEST_F(Reading, FailsOnAnEventThatIsNotJson) {
  at(10, kHead + chunked(event("{oops")));
  EXPECT_EQ(reader.take().error, RequestError::bad_event);
}

TEST_F(Reading, FailsOnBytesThatAreNotHttp) {
  at(10, "garbage garbage\r\n\r\n");
  EXPECT_EQ(reader.take().error, RequestError::bad_http);
}

TEST_F(Reading, CountsByTheServersRunningCountWhenItWasAskedFor) {
  StreamReader continuous{events};
  record::RequestRecord record;
  record.requested_output_tokens = 5;
  continuous.begin(record, ChunkCounting::continuous_usage);
  const auto counted = [](const std::string& text, int so_far) {
    return chunked(event(R"({"choices":[{"index":0,"text":")" + text +
                         R"("}],"usage":{"prompt_tokens":5,"completion_tokens":)" +
                         std::to_string(so_far) + "}}"));
  };
  std::string bytes = kHead + counted("a", 1) + counted("", 0) + counted("", 2) +
                      counted("bcd", 5) + chunked(usage(5)) + chunked(kFinish + kDone) + kEnd;
  bytes.insert(0, protocol::ResponseParser::kHeadroom, '\0');
  continuous.on_bytes(bytes.data() + protocol::ResponseParser::kHeadroom,
                      bytes.size() - protocol::ResponseParser::kHeadroom, {});
  const record::RequestRecord r = continuous.take();
  ASSERT_EQ(r.chunks.size(), 3U);
  EXPECT_EQ(r.chunks.unpacked()[1].tokens, 1);
  EXPECT_EQ(r.chunks.unpacked()[2].tokens, 3);
  EXPECT_EQ(r.output_tokens, 5);
  EXPECT_EQ(r.output_tokens_source, record::TokenSource::continuous_usage);
}

TEST_F(Reading, AGivenUpRequestKeepsItsChunks) {
  at(10, kHead + chunked(kToken));
  reader.give_up(RequestStatus::timed_out, RequestError::total_timeout, "late", milliseconds(99));
  const record::RequestRecord r = reader.take();
  EXPECT_EQ(r.status, RequestStatus::timed_out);
  EXPECT_EQ(r.chunks.size(), 1U);
  EXPECT_EQ(r.ended, milliseconds(99));
}

}  // namespace
}  // namespace tokamark::load
