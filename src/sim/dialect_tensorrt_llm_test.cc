#include "sim/dialect_tensorrt_llm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/dialect_test_support.h"

namespace tokamark::sim {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

const TensorrtLlmDialect kDialect;

Reply chat() {
  Reply reply = make_reply(Api::chat, 11, 2);
  reply.id = "chatcmpl-17";
  return reply;
}

Token at_second(Token token) {
  token.now_s = 1790000000;
  return token;
}

TEST(TensorrtLlmDialect, RoleChunkHasNoContentAndASpaceBeforeItsLineEnd) {
  EXPECT_EQ(token_bytes(kDialect, chat(), at_second(make_token(0, 0, "Hi"))),
            "9a\r\n"
            R"(data: {"id":"chatcmpl-17","object":"chat.completion.chunk","created":1790000000,)"
            R"("model":"smollm2","choices":[{"index":0,"delta":{"role":"assistant"}}]})"
            " \n\n\r\nce\r\n"
            R"(data: {"id":"chatcmpl-17","object":"chat.completion.chunk","created":1790000000,)"
            R"("model":"smollm2","choices":[{"index":0,"delta":{"content":"Hi",)"
            R"("reasoning_content":""},"avg_decoded_tokens_per_iter":1.0}]})"
            "\n\n\r\n");
}

TEST(TensorrtLlmDialect, LastChatTokenCarriesTheFinishAndUsageFollows) {
  EXPECT_THAT(
      token_bytes(kDialect, chat(), at_second(last_token(1, 0, "!"))),
      HasSubstr(R"("delta":{"content":"!","reasoning_content":""},"finish_reason":"length",)"
                R"("avg_decoded_tokens_per_iter":1.0}]})"
                "\n\n\r\ne2\r\n"
                R"(data: {"id":"chatcmpl-17","object":"chat.completion.chunk",)"
                R"("created":1790000000,"model":"smollm2","choices":[],"usage":)"
                R"({"prompt_tokens":11,"total_tokens":13,"completion_tokens":2,)"
                R"("prompt_tokens_details":{"cached_tokens":0}}})"
                "\n\n\r\ne\r\ndata: [DONE]\n\n\r\n0\r\n\r\n"));
}

TEST(TensorrtLlmDialect, CompletionsAreDumpedWhole) {
  Reply reply = make_reply(Api::completions, 7, 2);
  reply.id = "cmpl-18";
  EXPECT_THAT(token_bytes(kDialect, reply, at_second(make_token(0, 0, " Hello"))),
              HasSubstr(R"(data: {"id":"cmpl-18","object":"text_completion",)"
                        R"("created":1790000000,"model":"smollm2","choices":[{"index":0,)"
                        R"("text":" Hello","token_ids":null,"logprobs":null,)"
                        R"("finish_reason":null,"stop_reason":null,)"
                        R"("avg_decoded_tokens_per_iter":1.0}],"usage":null})"
                        "\n\n\r\n"));
}

TEST(TensorrtLlmDialect, UnknownFieldIsAStringOfPythonDicts) {
  auto parsed = parse_generate(R"({"model":"smollm2","prompt":"Hi","return_token_ids":true})",
                               Api::completions, kDialect.body_rules());
  ASSERT_FALSE(parsed.has_value());
  const Answer answer = kDialect.problem_answer(parsed.error(), make_facts());
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.body,
            R"({"error":"[{'type': 'extra_forbidden', 'loc': ('body', 'return_token_ids'), )"
            R"('msg': 'Extra inputs are not permitted', 'input': True}]"})");
}

TEST(TensorrtLlmDialect, FieldsOfItsSchemaAreAccepted) {
  BodyRules rules = kDialect.body_rules();
  rules.served_model = "smollm2";
  rules.context_limit = 100;
  const auto parsed = parse_generate(
      R"({"model":"smollm2","prompt":[1,2],"max_tokens":4,"min_tokens":4,"ignore_eos":true,)"
      R"("temperature":0,"seed":1,"top_p":1.0,"stream":true,"stream_options":{}})",
      Api::completions, rules);
  ASSERT_TRUE(parsed.has_value());
  EXPECT_TRUE(parsed.value().include_usage);  // the default once stream_options is there
}

TEST(TensorrtLlmDialect, WrongModelIsAFlatError) {
  const Problem problem{Problem::Kind::wrong_model, "model", "nope", 0, 0, 0};
  EXPECT_THAT(kDialect.problem_answer(problem, make_facts()).body,
              StartsWith(R"({"object":"error","message":"The model `nope` does not exist.")"));
}

TEST(TensorrtLlmDialect, PrometheusPageHasItsOwnRoute) {
  EXPECT_EQ(kDialect.own_route("GET", "/metrics", make_facts(), {})->body, "[]");
  EngineCounters counters;
  counters.running = 4;
  counters.kv_capacity_tokens = 10;
  EXPECT_THAT(kDialect.own_route("GET", "/prometheus/metrics", make_facts(), counters)->body,
              HasSubstr(R"(trtllm_num_requests_running{engine_type="trtllm",)"
                        R"(model_name="smollm2"} 4.0)"));
}

TEST(TensorrtLlmDialect, HasNoCacheReset) {
  EXPECT_FALSE(kDialect.own_route("POST", "/reset_prefix_cache", make_facts(), {}).has_value());
  EXPECT_FALSE(kDialect.own_route("POST", "/flush_cache", make_facts(), {}).has_value());
}

}  // namespace
}  // namespace tokamark::sim
