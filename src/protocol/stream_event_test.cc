#include "protocol/stream_event.h"

#include <gtest/gtest.h>

namespace tokamark::protocol {
namespace {

// The events are those of real servers (vLLM 0.32.0, llama.cpp b11434), or assembled from the
// engines' documented field order where marked.

TEST(StreamEvent, ARoleChunkIsNoToken) {
  StreamEventParser parser;
  for (
      const char* text :
      {R"({"choices":[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}],"prompt_token_ids":null})",
       R"({"choices":[{"finish_reason":null,"index":0,"delta":{"role":"assistant","content":null}}]})",
       R"({"choices":[{"index":0,"delta":{"role":"assistant"}}]} )"}) {
    const StreamEvent& event = parser.parse(text);
    EXPECT_FALSE(event.malformed) << text;
    EXPECT_FALSE(event.has_text) << text;
    EXPECT_TRUE(event.finish_reason.empty());
  }
}

TEST(StreamEvent, FindsTextInEveryPlaceThatEnginesPutIt) {
  StreamEventParser parser;
  for (
      const char* text :
      {R"({"choices":[{"index":0,"delta":{"content":"le"},"finish_reason":null,"token_ids":null}]})",
       R"({"choices":[{"index":0,"delta":{"reasoning":"so"}}]})",
       R"({"choices":[{"index":0,"delta":{"reasoning_content":"so","content":""}}]})",
       R"({"choices":[{"index":0,"delta":{"tool_calls":[{"index":0}]}}]})",
       R"({"choices":[{"text":" Alex","index":0,"finish_reason":null}],"object":"text_completion"})"}) {
    EXPECT_TRUE(parser.parse(text).has_text) << text;
  }
}

// Without a backslash in the event nothing is unescaped; both ways must say the same.
TEST(StreamEvent, ReadsEscapedKeysAndStringsAsPlainOnes) {
  StreamEventParser parser;
  const char* const plain =
      R"({"choices":[{"text":"a","finish_reason":"stop"}],"usage":{"completion_tokens":2}})";
  const char* const escaped =
      R"({"\u0063hoices":[{"t\u0065xt":"\u0061","finish_reason":"\u0073top"}],"usage":{"completion\u005ftokens":2}})";
  for (const char* text : {plain, escaped}) {
    const StreamEvent& event = parser.parse(text);
    EXPECT_TRUE(event.has_choices && event.has_text) << text;
    EXPECT_EQ(event.finish_reason, "stop");
    EXPECT_EQ(event.completion_tokens, 2);
  }
  for (const char* text : {R"({"object":"error"})", R"({"object":"\u0065rror"})"}) {
    EXPECT_TRUE(parser.parse(text).is_error) << text;
  }
  // Names that only begin like a key, and keys that only begin like a name.
  for (const char* text : {R"({"choices_":[{"text":"a"}]})", R"({"choice":[{"text":"a"}]})",
                           R"({"choices\"":[{"text":"a"}]})", R"({"object":"errors"})"}) {
    const StreamEvent& event = parser.parse(text);
    EXPECT_FALSE(event.malformed || event.has_choices || event.is_error) << text;
  }
}

TEST(StreamEvent, TextIsAnyStringWithACharacterInIt) {
  StreamEventParser parser;
  for (const char* text : {R"({"choices":[{"text":"\""}]})", R"({"choices":[{"text":"\ud83d"}]})",
                           R"({"choices":[{"text":"}"}]})", R"({"choices":[{"text":"\n"}]})"}) {
    EXPECT_TRUE(parser.parse(text).has_text) << text;
  }
  for (const char* text : {R"({"choices":[{"text":""}]})", R"({"choices":[{"text":null}]})",
                           R"({"choices":[{"text":7}]})", R"({"choices":[{"text":["a"]}]})"}) {
    EXPECT_FALSE(parser.parse(text).has_text) << text;
  }
}

TEST(StreamEvent, ReadsFinishReasonThatRidesOnTheLastToken) {
  StreamEventParser parser;
  const StreamEvent& event = parser.parse(
      R"({"choices":[{"index":0,"delta":{"content":" and"},"finish_reason":"length","stop_reason":null}]})");
  EXPECT_TRUE(event.has_text);
  EXPECT_EQ(event.finish_reason, "length");
}

TEST(StreamEvent, ReadsTheUsageChunkWithCachedTokens) {
  StreamEventParser parser;
  const StreamEvent& event = parser.parse(
      R"({"choices":[],"usage":{"completion_tokens":8,"prompt_tokens":36,"total_tokens":44,"prompt_tokens_details":{"cached_tokens":3}},"timings":{"prompt_ms":627.4}})");
  EXPECT_FALSE(event.has_text);
  EXPECT_EQ(event.completion_tokens, 8);
  EXPECT_EQ(event.prompt_tokens, 36);
  EXPECT_EQ(event.cached_tokens, 3);
}

TEST(StreamEvent, ReadsContinuousUsageAndTokenIds) {
  StreamEventParser parser;
  const StreamEvent& event = parser.parse(
      R"({"choices":[{"index":0,"text":",","token_ids":[28,29]}],"usage":{"prompt_tokens":5,"total_tokens":7,"completion_tokens":2}})");
  EXPECT_EQ(event.completion_tokens, 2);
  EXPECT_EQ(event.token_ids, 2);
  EXPECT_EQ(event.cached_tokens, -1);
}

TEST(StreamEvent, NullUsageIsNoUsage) {
  StreamEventParser parser;
  const StreamEvent& event = parser.parse(R"({"choices":[{"index":0,"text":"x"}],"usage":null})");
  EXPECT_FALSE(event.malformed);
  EXPECT_EQ(event.completion_tokens, -1);
}

TEST(StreamEvent, RecognisesTheErrorObjectsOfEachEngine) {
  StreamEventParser parser;
  const StreamEvent& vllm = parser.parse(
      R"({"error": {"message": "Internal server error", "type": "InternalServerError", "param": null, "code": 500}})");
  EXPECT_TRUE(vllm.is_error);
  EXPECT_EQ(vllm.error_message, "Internal server error");
  const StreamEvent& flat = parser.parse(
      R"({"object":"error","message":"too long","type":"BadRequestError","code":400})");
  EXPECT_TRUE(flat.is_error);
  EXPECT_EQ(flat.error_message, "too long");
  EXPECT_FALSE(parser.parse(R"({"choices":[],"error":null})").is_error);
}

TEST(StreamEvent, DoneIsRecognisedWithBlanksAroundIt) {
  StreamEventParser parser;
  EXPECT_TRUE(parser.parse(" [DONE] ").done);
  EXPECT_FALSE(parser.parse(" [DONE] ").malformed);
}

TEST(StreamEvent, AnythingElseIsMalformed) {
  StreamEventParser parser;
  for (const char* text : {"", "DONE", "{", "[1,2]", R"({"choices":[{"index":0,"text":"a})"}) {
    EXPECT_TRUE(parser.parse(text).malformed) << text;
  }
}

// Its brackets do not match, so that it is read beyond its end.
TEST(StreamEvent, ABrokenEventIsReadAlikeWhateverWasReadBefore) {
  const std::string broken = R"({"error":"gone","choices":]})";
  StreamEventParser parser;
  const bool malformed_at_first = parser.parse(broken).malformed;
  EXPECT_FALSE(parser.parse(R"({"error":"gone","choices":[]})").malformed);
  EXPECT_EQ(parser.parse(broken).malformed, malformed_at_first);
}

TEST(StreamEvent, TextBehindTheObjectIsMalformed) {
  StreamEventParser parser;
  EXPECT_TRUE(parser.parse(R"({"choices":[]} {})").malformed);
  EXPECT_TRUE(parser.parse(R"({"choices":[]}})").malformed);
}

TEST(StreamEvent, AnErrorThatIsNoJsonIsMalformed) {
  StreamEventParser parser;
  EXPECT_TRUE(parser.parse(R"({"error":nlul,"choices":[]})").malformed);
  EXPECT_TRUE(parser.parse(R"({"error":n})").malformed);
}

TEST(ErrorBody, GivesTheMessageOfEveryKnownShape) {
  EXPECT_EQ(error_message_of_body(
                R"({"error":{"message":"The model `nope` does not exist.","code":404}})"),
            "The model `nope` does not exist.");
  EXPECT_EQ(error_message_of_body(R"({"object":"error","message":"bad"})"), "bad");
  EXPECT_EQ(error_message_of_body(R"({"error":"Unauthorized"})"), "Unauthorized");
  EXPECT_EQ(error_message_of_body(R"({"detail":"Not Found"})"), "Not Found");
  EXPECT_EQ(error_message_of_body("<html>\nBad Gateway</html>\n"), "<html> Bad Gateway</html>");
}

// The JSON library's functions call themselves once a level: this one would end the program.
TEST(ErrorBody, DeepNestingIsShownAsItIs) {
  std::string deep;
  for (int level = 0; level < 300'000; ++level) deep += R"({"error":)";
  deep += "0" + std::string(300'000, '}');
  EXPECT_EQ(error_message_of_body(deep), deep.substr(0, 300));
  StreamEventParser parser;
  const StreamEvent& event = parser.parse(deep);
  EXPECT_TRUE(event.is_error || event.malformed);
}

}  // namespace
}  // namespace tokamark::protocol
