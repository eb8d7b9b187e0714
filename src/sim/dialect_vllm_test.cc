#include "sim/dialect_vllm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/dialect_test_support.h"

namespace tokamark::sim {
namespace {

using testing::HasSubstr;
using testing::Not;

Reply captured_chat() {
  Reply reply = make_reply(Api::chat, 36, 8);
  reply.id = "chatcmpl-8a9c1096f34a0fe4";
  reply.created_s = 1795499654;
  return reply;
}

const VllmDialect kPlain(CachedTokenReport::omitted);

// The bytes of a real vLLM 0.32 server with one difference: our fingerprint says "simulated".
TEST(VllmDialect, FirstChatWriteMatchesTheCapture) {
  EXPECT_EQ(
      token_bytes(kPlain, captured_chat(), make_token(0, 0, "A")),
      "104\r\n"
      R"(data: {"id":"chatcmpl-8a9c1096f34a0fe4","object":"chat.completion.chunk",)"
      R"("created":1795499654,"model":"smollm2","choices":[{"index":0,"delta":{"role":)"
      R"("assistant","content":""},"logprobs":null,"finish_reason":null}],)"
      R"("prompt_token_ids":null,"prompt_text":null})"
      "\n\n\r\nd8\r\n"
      R"(data: {"id":"chatcmpl-8a9c1096f34a0fe4","object":"chat.completion.chunk",)"
      R"("created":1795499654,"model":"smollm2","choices":[{"index":0,"delta":{"content":"A"},)"
      R"("logprobs":null,"finish_reason":null,"token_ids":null}]})"
      "\n\n\r\n");
}

TEST(VllmDialect, LastChatWriteMatchesTheCapture) {
  EXPECT_EQ(
      token_bytes(kPlain, captured_chat(), last_token(7, 0, " and")),
      "f2\r\n"
      R"(data: {"id":"chatcmpl-8a9c1096f34a0fe4","object":"chat.completion.chunk",)"
      R"("created":1795499654,"model":"smollm2","choices":[{"index":0,"delta":{"content":" and"},)"
      R"("logprobs":null,"finish_reason":"length","stop_reason":null,"token_ids":null}]})"
      "\n\n\r\nf1\r\n"
      R"(data: {"id":"chatcmpl-8a9c1096f34a0fe4","object":"chat.completion.chunk",)"
      R"("created":1795499654,"model":"smollm2","choices":[],"usage":{"prompt_tokens":36,)"
      R"("total_tokens":44,"completion_tokens":8},"system_fingerprint":"vllm-0.32.0-simulated"})"
      "\n\n\r\ne\r\ndata: [DONE]\n\n\r\n0\r\n\r\n");
}

TEST(VllmDialect, CompletionWithIdsAndContinuousUsageMatchesTheCapture) {
  Reply reply = make_reply(Api::completions, 5, 3);
  reply.id = "cmpl-a9cdf0cc19eb6f07";
  reply.created_s = 1795499654;
  reply.request.continuous_usage = true;
  reply.request.return_token_ids = true;
  reply.request.prompt_ids = {19556, 28, 957, 1462, 314};
  EXPECT_EQ(token_bytes(kPlain, reply, make_token(0, 5325, " Alex")),
            "148\r\n"
            R"(data: {"id":"cmpl-a9cdf0cc19eb6f07","object":"text_completion",)"
            R"("created":1795499654,"model":"smollm2","choices":[{"index":0,"text":" Alex",)"
            R"("logprobs":null,"finish_reason":null,"stop_reason":null,)"
            R"("prompt_token_ids":[19556,28,957,1462,314],"token_ids":[5325]}],)"
            R"("usage":{"prompt_tokens":5,"total_tokens":6,"completion_tokens":1}})"
            "\n\n\r\n");
  EXPECT_THAT(token_bytes(kPlain, reply, last_token(2, 284, " and")),
              testing::StartsWith(
                  "137\r\n"
                  R"(data: {"id":"cmpl-a9cdf0cc19eb6f07","object":"text_completion",)"
                  R"("created":1795499654,"model":"smollm2","choices":[{"index":0,"text":" and",)"
                  R"("logprobs":null,"finish_reason":"length","stop_reason":null,)"
                  R"("prompt_token_ids":null,"token_ids":[284]}],)"
                  R"("usage":{"prompt_tokens":5,"total_tokens":8,"completion_tokens":3}})"
                  "\n\n\r\n"));
}

TEST(VllmDialect, PlainCompletionChunkMatchesTheCapture) {
  Reply reply = make_reply(Api::completions, 5, 4);
  reply.id = "cmpl-a925b361c9982c9e";
  reply.created_s = 1795499654;
  EXPECT_EQ(token_bytes(kPlain, reply, make_token(0, 0, " Alex")),
            "f0\r\n"
            R"(data: {"id":"cmpl-a925b361c9982c9e","object":"text_completion",)"
            R"("created":1795499654,"model":"smollm2","choices":[{"index":0,"text":" Alex",)"
            R"("logprobs":null,"finish_reason":null,"stop_reason":null,)"
            R"("prompt_token_ids":null,"token_ids":null}]})"
            "\n\n\r\n");
}

TEST(VllmDialect, WholeCompletionMatchesTheCapture) {
  Reply reply = make_reply(Api::completions, 1, 1);
  reply.id = "cmpl-bd2eff5cf66c0f32";
  reply.created_s = 1795499655;
  EXPECT_EQ(
      kPlain.whole_body(reply, last_token(0, 0, "'s"), "'s"),
      R"({"id":"cmpl-bd2eff5cf66c0f32","object":"text_completion","created":1795499655,)"
      R"("model":"smollm2","choices":[{"index":0,"text":"'s","logprobs":null,)"
      R"("finish_reason":"length","stop_reason":null,"token_ids":null,"prompt_logprobs":null,)"
      R"("prompt_token_ids":null,"routed_experts":null}],"service_tier":null,)"
      R"("system_fingerprint":"vllm-0.32.0-simulated","usage":{"prompt_tokens":1,)"
      R"("total_tokens":2,"completion_tokens":1,"prompt_tokens_details":null,)"
      R"("completion_tokens_details":null},"kv_transfer_params":null,)"
      R"("ec_transfer_params":null,"metrics":null})");
}

TEST(VllmDialect, UsageChunkComesOnlyWhenAsked) {
  Reply reply = captured_chat();
  reply.request.include_usage = false;
  EXPECT_THAT(token_bytes(kPlain, reply, last_token(7, 0, " and")), Not(HasSubstr("usage")));
}

TEST(VllmDialect, CachedTokensAreReportedWhenTheServerIsToldTo) {
  const VllmDialect detailed(CachedTokenReport::reported);
  Reply reply = captured_chat();
  reply.cached_tokens = 16;
  EXPECT_THAT(token_bytes(detailed, reply, last_token(7, 0, " and")),
              HasSubstr(R"("completion_tokens":8,"prompt_tokens_details":{"cached_tokens":16}})"));
}

TEST(VllmDialect, StreamHeadMatchesTheCaptureAndIsMarked) {
  EXPECT_EQ(kPlain.stream_head({"Tue, 24 Nov 2026 05:54:13 GMT", KeepAlive::no}),
            "HTTP/1.1 200 OK\r\ndate: Tue, 24 Nov 2026 05:54:13 GMT\r\nserver: uvicorn\r\n"
            "content-type: text/event-stream; charset=utf-8\r\nvary: Origin\r\n"
            "connection: close\r\ntransfer-encoding: chunked\r\nX-Tokamark-Simulated: 1\r\n\r\n");
}

TEST(VllmDialect, ErrorAnswerMatchesTheCaptureAndIsMarked) {
  Problem problem;
  problem.kind = Problem::Kind::wrong_model;
  problem.detail = "nope";
  EXPECT_EQ(kPlain.answer_bytes(kPlain.problem_answer(problem, make_facts()),
                                {"Tue, 24 Nov 2026 05:54:14 GMT", KeepAlive::no}),
            "HTTP/1.1 404 Not Found\r\ndate: Tue, 24 Nov 2026 05:54:14 GMT\r\nserver: uvicorn\r\n"
            "content-length: 130\r\ncontent-type: application/json\r\nvary: Origin\r\n"
            "connection: close\r\nX-Tokamark-Simulated: 1\r\n\r\n"
            R"({"error":{"message":"The model `nope` does not exist. Valid aliases: smollm2.",)"
            R"("type":"NotFoundError","param":"model","code":404}})");
}

std::string error_body(Problem problem) {
  return kPlain.problem_answer(problem, make_facts()).body;
}

TEST(VllmDialect, ValidationErrorsMatchTheCaptures) {
  Problem bad_json{Problem::Kind::bad_json, "", "", 9, 0, 0};
  EXPECT_EQ(error_body(bad_json),
            R"({"error":{"message":"1 validation error:\n  {'type': 'json_invalid', )"
            R"('loc': 'body.9', 'msg': 'JSON decode error', 'input': '<dict of 0 items>', )"
            R"('ctx': {'error': 'Expecting value'}}","type":"Bad Request","param":"body.9",)"
            R"("code":400}})");
  Problem bad_type{Problem::Kind::bad_type, "max_tokens", "\"x\"", 0, 0, 0};
  EXPECT_EQ(error_body(bad_type),
            R"({"error":{"message":"1 validation error:\n  {'type': 'int_parsing', )"
            R"('loc': 'body.max_tokens', 'msg': 'Input should be a valid integer, unable to )"
            R"(parse string as an integer', 'input': 'x'}","type":"Bad Request",)"
            R"("param":"body.max_tokens","code":400}})");
  Problem zero{Problem::Kind::below_one, "max_tokens", "", 0, 0, 0};
  EXPECT_EQ(error_body(zero),
            R"({"error":{"message":"max_tokens must be at least 1, got 0. )"
            R"~((parameter=max_tokens, value=0)","type":"BadRequestError","param":"max_tokens",)~"
            R"("code":400}})");
  Problem too_long{Problem::Kind::prompt_too_long, "", "", 3000, 0, 2048};
  EXPECT_EQ(error_body(too_long),
            R"({"error":{"message":"This model's maximum context length is 2048 tokens. However, )"
            R"(your prompt contains 3000 input tokens, which exceeds this limit even without any )"
            R"(output tokens. Please reduce the length of the input prompt. )"
            R"~((parameter=input_tokens, value=3000)","type":"BadRequestError",)~"
            R"("param":"input_tokens","code":400}})");
  EXPECT_EQ(error_body(Problem{Problem::Kind::no_route, "", "", 0, 0, 0}),
            R"({"detail":"Not Found"})");
}

TEST(VllmDialect, HealthHasNoBodyAndNoContentType) {
  const auto health = kPlain.own_route("GET", "/health", make_facts(), {});
  ASSERT_TRUE(health.has_value());
  EXPECT_EQ(kPlain.answer_bytes(*health, {"D", KeepAlive::yes}),
            "HTTP/1.1 200 OK\r\ndate: D\r\nserver: uvicorn\r\ncontent-length: 0\r\n"
            "vary: Origin\r\nX-Tokamark-Simulated: 1\r\n\r\n");
}

TEST(VllmDialect, MetricsUseTheEnginesNames) {
  EngineCounters counters;
  counters.running = 3;
  counters.waiting = 2;
  counters.kv_tokens_held = 25;
  counters.kv_capacity_tokens = 100;
  counters.generation_tokens = 1234567;
  const std::string page = kPlain.own_route("GET", "/metrics", make_facts(), counters)->body;
  EXPECT_THAT(page, HasSubstr("# TYPE vllm:num_requests_running gauge\n"
                              R"(vllm:num_requests_running{engine="0",model_name="smollm2"} 3.0)"));
  EXPECT_THAT(page, HasSubstr(R"(vllm:num_requests_waiting{engine="0",model_name="smollm2"} 2.0)"));
  EXPECT_THAT(page, HasSubstr(R"(kv_cache_usage_perc{engine="0",model_name="smollm2"} 0.25)"));
  EXPECT_THAT(page,
              HasSubstr(R"(generation_tokens_total{engine="0",model_name="smollm2"} 1234567.0)"));
}

}  // namespace
}  // namespace tokamark::sim
