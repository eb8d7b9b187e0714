#include "sim/dialect_sglang.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/dialect_test_support.h"

namespace tokamark::sim {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const SglangDialect kDialect(CachedTokenReport::reported);

Reply chat() {
  Reply reply = make_reply(Api::chat, 11, 2);
  reply.id = "77c1";
  return reply;
}

Token at_second(Token token, std::int64_t now_s) {
  token.now_s = now_s;
  return token;
}

// Key order and nulls as SGLang 0.5's serializers write them.
TEST(SglangDialect, RoleChunkComesWithTheFirstTokenInItsOwnHttpChunk) {
  EXPECT_EQ(token_bytes(kDialect, chat(), at_second(make_token(0, 0, "Hi!"), 1790000000)),
            "f1\r\n"
            R"(data: {"id":"77c1","object":"chat.completion.chunk","created":1790000000,)"
            R"("model":"smollm2","choices":[{"index":0,"delta":{"reasoning_content":null,)"
            R"("role":"assistant","content":""},"logprobs":null,"finish_reason":null,)"
            R"("matched_stop":null}]})"
            "\n\n\r\ne1\r\n"
            R"(data: {"id":"77c1","object":"chat.completion.chunk","created":1790000000,)"
            R"("model":"smollm2","choices":[{"index":0,"delta":{"reasoning_content":null,)"
            R"("content":"Hi!"},"logprobs":null,"finish_reason":null,"matched_stop":null}]})"
            "\n\n\r\n");
}

TEST(SglangDialect, FinishIsASeparateChatChunkAndUsageIsDumpedWhole) {
  Reply reply = chat();
  reply.request.finish = FinishReason::stop;
  const std::string bytes =
      token_bytes(kDialect, reply, at_second(last_token(1, 0, "!"), 1790000001));
  EXPECT_THAT(bytes, HasSubstr(R"("delta":{"reasoning_content":null,"content":"!"},)"
                               R"("logprobs":null,"finish_reason":null,"matched_stop":null}]})"));
  EXPECT_THAT(bytes, HasSubstr(R"("created":1790000001,"model":"smollm2","choices":[{"index":0,)"
                               R"("delta":{"reasoning_content":null},"logprobs":null,)"
                               R"("finish_reason":"stop","matched_stop":200008}]})"));
  EXPECT_THAT(bytes, HasSubstr(R"("choices":[],"usage":{"prompt_tokens":11,"total_tokens":13,)"
                               R"("completion_tokens":2,"prompt_tokens_details":null,)"
                               R"("reasoning_tokens":0}})"
                               "\n\n\r\ne\r\ndata: [DONE]\n\n\r\n0\r\n\r\n"));
}

TEST(SglangDialect, CompletionsCarryUsageNullAndFinishOnTheLastToken) {
  Reply reply = make_reply(Api::completions, 7, 2);
  reply.id = "0d3f";
  reply.created_s = 1790000000;
  EXPECT_THAT(token_bytes(kDialect, reply, last_token(1, 0, " world")),
              HasSubstr(R"(data: {"id":"0d3f","object":"text_completion","created":1790000000,)"
                        R"("model":"smollm2","choices":[{"index":0,"text":" world",)"
                        R"("logprobs":null,"finish_reason":"length","matched_stop":null}],)"
                        R"("usage":null})"));
  EXPECT_THAT(token_bytes(kDialect, reply, last_token(1, 0, " world")),
              HasSubstr(R"("choices":[],"usage":{"prompt_tokens":7,"total_tokens":9,)"
                        R"("completion_tokens":2,"reasoning_tokens":0}})"));
}

TEST(SglangDialect, ContinuousUsageNeedsNoIncludeUsage) {
  Reply reply = chat();
  reply.request.include_usage = false;
  reply.request.continuous_usage = true;
  const std::string bytes = token_bytes(kDialect, reply, last_token(1, 0, "!"));
  EXPECT_THAT(bytes, HasSubstr(R"("usage":{"prompt_tokens":11,"total_tokens":13,)"));
  EXPECT_THAT(bytes, Not(HasSubstr(R"("choices":[],)")));
}

TEST(SglangDialect, CachedTokensShowOnlyAboveZero) {
  Reply reply = make_reply(Api::completions, 7, 2);
  EXPECT_THAT(token_bytes(kDialect, reply, last_token(1, 0, "x")), Not(HasSubstr("cached")));
  reply.cached_tokens = 3;
  EXPECT_THAT(token_bytes(kDialect, reply, last_token(1, 0, "x")),
              HasSubstr(R"("prompt_tokens_details":{"cached_tokens":3},"reasoning_tokens":0)"));
}

TEST(SglangDialect, ErrorsAreFlat) {
  const Problem problem{Problem::Kind::wrong_model, "model", "nope", 0, 0, 0};
  const Answer answer = kDialect.problem_answer(problem, make_facts());
  EXPECT_EQ(answer.status, 404);
  EXPECT_THAT(answer.body, StartsWith(R"({"object":"error","message":"The model 'nope')"));
  EXPECT_THAT(answer.body, HasSubstr(R"("param":null,"code":404})"));
}

TEST(SglangDialect, FlushCacheIsRefusedWhileBusy) {
  EngineCounters counters;
  EXPECT_EQ(kDialect.own_route("POST", "/flush_cache", make_facts(), counters)->status, 200);
  counters.waiting = 1;
  EXPECT_EQ(kDialect.own_route("POST", "/flush_cache", make_facts(), counters)->status, 400);
}

TEST(SglangDialect, ServerInfoHoldsTheVersionAndTheCacheSize) {
  const std::string body = kDialect.own_route("GET", "/server_info", make_facts(), {})->body;
  EXPECT_THAT(body, HasSubstr(R"("max_total_num_tokens":1000)"));
  EXPECT_THAT(body, HasSubstr(R"("version":")"));
}

}  // namespace
}  // namespace tokamark::sim
