#include "sim/dialect_llama_cpp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/dialect_test_support.h"

namespace tokamark::sim {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const LlamaCppDialect kDialect;

Reply captured_chat() {
  Reply reply = make_reply(Api::chat, 36, 8);
  reply.id = "chatcmpl-5lAsNbWE6x8iv9DMEimgwpU5S8k6FjLq";
  return reply;
}

// The bytes of a real llama-server with one difference: "b11434-simulated" (16 characters) stands
// where the capture has "b0-unknown" (10), so each event is 6 bytes longer.
TEST(LlamaCppDialect, RoleAndFirstTokenShareOneHttpChunkAsCaptured) {
  Token token = make_token(0, 0, "A");
  token.now_s = 1795494218;
  EXPECT_EQ(token_bytes(kDialect, captured_chat(), token),
            "1f2\r\n"  // 0x1e6 + 2 * 6
            R"(data: {"choices":[{"finish_reason":null,"index":0,"delta":{"role":"assistant",)"
            R"("content":null}}],"created":1795494218,)"
            R"("id":"chatcmpl-5lAsNbWE6x8iv9DMEimgwpU5S8k6FjLq","model":"smollm2",)"
            R"("system_fingerprint":"b11434-simulated","object":"chat.completion.chunk"})"
            "\n\n"
            R"(data: {"choices":[{"finish_reason":null,"index":0,"delta":{"content":"A"}}],)"
            R"("created":1795494218,"id":"chatcmpl-5lAsNbWE6x8iv9DMEimgwpU5S8k6FjLq",)"
            R"("model":"smollm2","system_fingerprint":"b11434-simulated",)"
            R"("object":"chat.completion.chunk"})"
            "\n\n\r\n");
}

// prompt_ms 627.488 over 36 tokens and predicted_ms 877.615 over 7 gaps, as in the capture.
TEST(LlamaCppDialect, FinishAndUsageShareOneHttpChunkAsCaptured) {
  Token token = last_token(7, 0, " and");
  token.now_s = 1795494219;
  token.prompt_time = std::chrono::microseconds{627488};
  token.predicted_time = std::chrono::microseconds{877615};
  EXPECT_THAT(
      token_bytes(kDialect, captured_chat(), token),
      HasSubstr("\n\n\r\n313\r\n"  // 0x307 + 2 * 6
                R"(data: {"choices":[{"finish_reason":"length","index":0,"delta":{}}],)"
                R"("created":1795494219,"id":"chatcmpl-5lAsNbWE6x8iv9DMEimgwpU5S8k6FjLq",)"
                R"("model":"smollm2","system_fingerprint":"b11434-simulated",)"
                R"("object":"chat.completion.chunk"})"
                "\n\n"
                R"(data: {"choices":[],"created":1795494219,)"
                R"("id":"chatcmpl-5lAsNbWE6x8iv9DMEimgwpU5S8k6FjLq","model":"smollm2",)"
                R"("system_fingerprint":"b11434-simulated","object":"chat.completion.chunk",)"
                R"("usage":{"completion_tokens":8,"prompt_tokens":36,"total_tokens":44,)"
                R"("prompt_tokens_details":{"cached_tokens":0}},"timings":{"cache_n":0,)"
                R"("prompt_n":36,"prompt_ms":627.488,"prompt_per_token_ms":17.430222222222223,)"
                R"("prompt_per_second":57.37161507471058,"predicted_n":8,"predicted_ms":877.615,)"
                R"("predicted_per_token_ms":125.37357142857142,)"
                R"("predicted_per_second":7.976162668140359}})"
                "\n\n\r\ne\r\ndata: [DONE]\n\n\r\n0\r\n\r\n"));
}

TEST(LlamaCppDialect, CompletionEndsWithAnEmptyTextThatCarriesUsageUnasked) {
  Reply reply = make_reply(Api::completions, 5, 4);
  reply.id = "chatcmpl-Q3YE3cERUW4CsuOcNAn5hpxcxfoLnLTC";
  reply.request.include_usage = false;
  Token token = last_token(3, 0, " I");
  token.now_s = 1795494220;
  const std::string bytes = token_bytes(kDialect, reply, token);
  EXPECT_THAT(bytes,
              StartsWith("ed\r\n"  // 0xe7 + 6
                         R"(data: {"choices":[{"text":" I","index":0,"logprobs":null,)"
                         R"("finish_reason":null}],"created":1795494220,"model":"smollm2",)"
                         R"("system_fingerprint":"b11434-simulated","object":"text_completion",)"
                         R"("id":"chatcmpl-Q3YE3cERUW4CsuOcNAn5hpxcxfoLnLTC"})"
                         "\n\n\r\n"));
  EXPECT_THAT(bytes,
              HasSubstr(R"(data: {"choices":[{"text":"","index":0,"logprobs":null,)"
                        R"("finish_reason":"length"}],"created":1795494220,"model":"smollm2",)"
                        R"("system_fingerprint":"b11434-simulated","object":"text_completion",)"
                        R"("usage":{"completion_tokens":4,"prompt_tokens":5,"total_tokens":9,)"
                        R"("prompt_tokens_details":{"cached_tokens":0}},)"
                        R"("id":"chatcmpl-Q3YE3cERUW4CsuOcNAn5hpxcxfoLnLTC","timings":{)"));
}

TEST(LlamaCppDialect, ChatUsageComesOnlyWhenAsked) {
  Reply reply = captured_chat();
  reply.request.include_usage = false;
  EXPECT_THAT(token_bytes(kDialect, reply, last_token(7, 0, " and")), Not(HasSubstr("usage")));
}

// For one token the capture shows predicted_ms 0.001 and rates of 0.
TEST(LlamaCppDialect, TimingsOfASingleTokenMatchTheCapture) {
  Reply reply = make_reply(Api::completions, 1, 1);
  reply.id = "chatcmpl-uzuMwuLyR5VA6EfJqJvbau18v9TETQhH";
  Token token = last_token(0, 0, "-");
  token.now_s = 1795494222;
  token.prompt_time = std::chrono::microseconds{8113};
  EXPECT_EQ(kDialect.whole_body(reply, token, "-"),
            R"({"choices":[{"text":"-","index":0,"logprobs":null,"finish_reason":"length"}],)"
            R"("created":1795494222,"model":"smollm2","system_fingerprint":"b11434-simulated",)"
            R"("object":"text_completion","usage":{"completion_tokens":1,"prompt_tokens":1,)"
            R"("total_tokens":2,"prompt_tokens_details":{"cached_tokens":0}},)"
            R"("id":"chatcmpl-uzuMwuLyR5VA6EfJqJvbau18v9TETQhH","timings":{"cache_n":0,)"
            R"("prompt_n":1,"prompt_ms":8.113,"prompt_per_token_ms":8.113,)"
            R"("prompt_per_second":123.25896708985579,"predicted_n":1,"predicted_ms":0.001,)"
            R"("predicted_per_token_ms":0.0,"predicted_per_second":0.0}})");
}

TEST(LlamaCppDialect, StreamHeadMatchesTheCaptureAndIsMarked) {
  EXPECT_EQ(kDialect.stream_head({"unused", KeepAlive::no}),
            "HTTP/1.1 200 OK\r\nServer: llama.cpp\r\nAccess-Control-Allow-Origin: \r\n"
            "X-Accel-Buffering: no\r\nContent-Type: text/event-stream\r\n"
            "Transfer-Encoding: chunked\r\nConnection: close\r\nX-Tokamark-Simulated: 1\r\n\r\n");
}

TEST(LlamaCppDialect, ErrorsMatchTheCaptures) {
  const Problem too_long{Problem::Kind::prompt_too_long, "", "", 3000, 0, 2048};
  EXPECT_EQ(kDialect.answer_bytes(kDialect.problem_answer(too_long, make_facts()),
                                  {"unused", KeepAlive::no}),
            "HTTP/1.1 400 Bad Request\r\nServer: llama.cpp\r\nAccess-Control-Allow-Origin: \r\n"
            "Content-Type: application/json; charset=utf-8\r\nContent-Length: 195\r\n"
            "Connection: close\r\nX-Tokamark-Simulated: 1\r\n\r\n"
            R"({"error":{"code":400,"message":"request (3000 tokens) exceeds the available )"
            R"(context size (2048 tokens), try increasing it",)"
            R"("type":"exceed_context_size_error","n_prompt_tokens":3000,"n_ctx":2048}})");
  const Problem no_route{Problem::Kind::no_route, "", "", 0, 0, 0};
  EXPECT_EQ(kDialect.problem_answer(no_route, make_facts()).body,
            R"({"error":{"message":"File Not Found","type":"not_found_error","code":404}})");
  const Problem loading{Problem::Kind::loading, "", "", 0, 0, 0};
  EXPECT_EQ(kDialect.problem_answer(loading, make_facts()).body,
            R"({"error":{"message":"Loading model","type":"unavailable_error","code":503}})");
}

TEST(LlamaCppDialect, BadJsonIsReportedInTheParsersWordsAsCaptured) {
  auto parsed = parse_generate(R"({"model":)", Api::completions, kDialect.body_rules());
  ASSERT_FALSE(parsed.has_value());
  EXPECT_THAT(kDialect.problem_answer(parsed.error(), make_facts()).body,
              StartsWith(R"({"error":{"code":400,"message":"[json.exception.parse_error.101] )"
                         R"(parse error at line 1, column 10: syntax error while parsing value)"));
}

TEST(LlamaCppDialect, AnyModelNameIsTakenAndMinTokensIsUnknown) {
  EXPECT_FALSE(kDialect.body_rules().model_must_match);
  EXPECT_FALSE(kDialect.body_rules().min_tokens_known);
}

TEST(LlamaCppDialect, SlotsAreListedAndCanBeErased) {
  EngineCounters counters;
  counters.running = 1;
  EXPECT_THAT(kDialect.own_route("GET", "/slots", make_facts(), counters)->body,
              StartsWith(R"([{"id":0,"n_ctx":1000,"speculative":false,"is_processing":true},)"
                         R"({"id":1,"n_ctx":1000,"speculative":false,"is_processing":false},)"));
  EXPECT_EQ(kDialect.own_route("POST", "/slots/3", make_facts(), {})->status, 200);
  EXPECT_EQ(kDialect.own_route("POST", "/slots/4", make_facts(), {})->status, 400);
  EXPECT_EQ(kDialect.own_route("POST", "/slots/x", make_facts(), {})->status, 400);
}

TEST(LlamaCppDialect, MetricsUseTheEnginesNamesAndWholeNumbers) {
  EngineCounters counters;
  counters.prompt_tokens = 3510;
  counters.cached_tokens = 6;
  counters.generation_tokens = 12'345'678;
  counters.waiting = 2;
  const std::string page = kDialect.own_route("GET", "/metrics", make_facts(), counters)->body;
  EXPECT_THAT(page, HasSubstr("llamacpp:prompt_tokens_total 3504\n"));
  EXPECT_THAT(page, HasSubstr("llamacpp:tokens_predicted_total 12345678\n"));
  EXPECT_THAT(page, HasSubstr("llamacpp:requests_deferred 2\n"));
}

}  // namespace
}  // namespace tokamark::sim
