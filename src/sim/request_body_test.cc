#include "sim/request_body.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "sim/text.h"

namespace tokamark::sim {
namespace {

using testing::ElementsAre;

BodyRules rules() {
  BodyRules rules;
  rules.served_model = "m";
  rules.context_limit = 2000;
  rules.default_completion_tokens = 16;
  return rules;
}

GenerateRequest accepted(std::string_view body, Api api, const BodyRules& with = rules()) {
  auto parsed = parse_generate(body, api, with);
  EXPECT_TRUE(parsed.has_value()) << body;
  return parsed ? parsed.value() : GenerateRequest{};
}

Problem refused(std::string_view body, Api api, const BodyRules& with = rules()) {
  auto parsed = parse_generate(body, api, with);
  EXPECT_FALSE(parsed.has_value()) << body;
  return parsed ? Problem{} : parsed.error();
}

TEST(RequestBody, WordsOfAPromptAreItsTokens) {
  EXPECT_EQ(accepted(R"({"model":"m","prompt":"one two three"})", Api::completions).prompt_tokens,
            3);
}

TEST(RequestBody, EmptyPromptCountsAsOneToken) {
  EXPECT_EQ(accepted(R"({"model":"m","prompt":""})", Api::completions).prompt_tokens, 1);
}

TEST(RequestBody, TokenIdsAreCountedAsTheyAre) {
  const auto request = accepted(R"({"model":"m","prompt":[5,6,7,8]})", Api::completions);
  EXPECT_EQ(request.prompt_tokens, 4);
}

TEST(RequestBody, ChatAddsTheTemplateOnceAndCountsEveryMessage) {
  const auto request =
      accepted(R"({"model":"m","messages":[{"role":"system","content":"be brief"},)"
               R"({"role":"user","content":[{"type":"text","text":"say one thing"}]}]})",
               Api::chat);
  EXPECT_EQ(request.prompt_tokens, kChatTemplateTokens + 5);
}

TEST(RequestBody, CompletionsDefaultToTheDialectsLength) {
  EXPECT_EQ(accepted(R"({"model":"m","prompt":"a"})", Api::completions).output_tokens, 16);
}

TEST(RequestBody, IgnoreEosGivesExactlyMaxTokens) {
  const auto request = accepted(R"({"model":"m","prompt":"a","max_tokens":1500,"ignore_eos":true})",
                                Api::completions);
  EXPECT_EQ(request.output_tokens, 1500);
  EXPECT_EQ(request.finish, FinishReason::length);
}

TEST(RequestBody, WithoutIgnoreEosTheModelStopsAtItsNaturalLength) {
  const auto request =
      accepted(R"({"model":"m","prompt":"a","max_tokens":1500})", Api::completions);
  EXPECT_EQ(request.output_tokens, GeneratedText(request.text_seed).natural_length());
  EXPECT_EQ(request.finish, FinishReason::stop);
}

TEST(RequestBody, MinTokensHoldsTheStopBack) {
  const auto request = accepted(R"({"model":"m","prompt":"a","max_tokens":1500,"min_tokens":1500})",
                                Api::completions);
  EXPECT_EQ(request.output_tokens, 1500);
  EXPECT_EQ(request.finish, FinishReason::length);
}

TEST(RequestBody, ChatTakesMaxCompletionTokensBeforeMaxTokens) {
  const auto request =
      accepted(R"({"model":"m","messages":[{"role":"user","content":"a"}],"max_tokens":9,)"
               R"("max_completion_tokens":5})",
               Api::chat);
  EXPECT_EQ(request.output_tokens, 5);
}

TEST(RequestBody, StreamOptionsAreRead) {
  const auto request =
      accepted(R"({"model":"m","prompt":[1,2],"stream":true,"return_token_ids":true,)"
               R"("stream_options":{"include_usage":true,"continuous_usage_stats":true}})",
               Api::completions);
  EXPECT_TRUE(request.stream);
  EXPECT_TRUE(request.include_usage);
  EXPECT_TRUE(request.continuous_usage);
  EXPECT_THAT(request.prompt_ids, ElementsAre(1, 2));
}

TEST(RequestBody, StreamOptionsWithoutStreamAreRefusedWhereTheEngineDoes) {
  constexpr std::string_view kBody =
      R"({"model":"m","prompt":"a","stream_options":{"include_usage":true}})";
  EXPECT_TRUE(accepted(kBody, Api::completions).include_usage);
  BodyRules strict = rules();
  strict.stream_options_need_stream = true;
  EXPECT_EQ(refused(kBody, Api::completions, strict).kind, Problem::Kind::refused);
}

TEST(RequestBody, BadJsonTellsWhereItBreaks) {
  const Problem problem = refused(R"({"model":)", Api::completions);
  EXPECT_EQ(problem.kind, Problem::Kind::bad_json);
  EXPECT_EQ(problem.number, 9);
}

TEST(RequestBody, WrongTypeNamesTheField) {
  const Problem problem =
      refused(R"({"model":"m","prompt":"Hi","max_tokens":"x"})", Api::completions);
  EXPECT_EQ(problem.kind, Problem::Kind::bad_type);
  EXPECT_EQ(problem.field, "max_tokens");
  EXPECT_EQ(problem.detail, "\"x\"");
}

TEST(RequestBody, ZeroMaxTokensIsRefused) {
  const Problem problem = refused(R"({"model":"m","prompt":"a","max_tokens":0})", Api::completions);
  EXPECT_EQ(problem.kind, Problem::Kind::below_one);
  EXPECT_EQ(problem.number, 0);
}

TEST(RequestBody, MissingPromptIsRefused) {
  EXPECT_EQ(refused(R"({"model":"m"})", Api::completions).field, "prompt");
  EXPECT_EQ(refused(R"({"model":"m"})", Api::chat).field, "messages");
}

TEST(RequestBody, WrongModelIsRefusedUnlessAnyNameIsTaken) {
  constexpr std::string_view kBody = R"({"model":"nope","prompt":"a"})";
  EXPECT_EQ(refused(kBody, Api::completions).kind, Problem::Kind::wrong_model);
  BodyRules any = rules();
  any.model_must_match = false;
  accepted(kBody, Api::completions, any);
}

TEST(RequestBody, UnknownFieldIsRefusedOnlyWithAList) {
  constexpr std::string_view kBody = R"({"model":"m","prompt":"a","no_such_field":1})";
  accepted(kBody, Api::completions);
  constexpr std::array<std::string_view, 2> kFields{"model", "prompt"};
  BodyRules strict = rules();
  strict.completion_fields = kFields;
  const Problem problem = refused(kBody, Api::completions, strict);
  EXPECT_EQ(problem.kind, Problem::Kind::unknown_field);
  EXPECT_EQ(problem.field, "no_such_field");
}

TEST(RequestBody, OverLongPromptIsRefused) {
  BodyRules small = rules();
  small.context_limit = 3;
  const Problem problem = refused(R"({"model":"m","prompt":[1,2,3]})", Api::completions, small);
  EXPECT_EQ(problem.kind, Problem::Kind::prompt_too_long);
  EXPECT_EQ(problem.number, 3);
  EXPECT_EQ(problem.limit, 3);
}

TEST(RequestBody, OverLongTotalIsRefusedOrShortened) {
  constexpr std::string_view kBody =
      R"({"model":"m","prompt":[1,2,3],"max_tokens":8,"ignore_eos":true})";
  BodyRules small = rules();
  small.context_limit = 10;
  EXPECT_EQ(refused(kBody, Api::completions, small).kind, Problem::Kind::total_too_long);
  small.overflow = Overflow::shorten;
  EXPECT_EQ(accepted(kBody, Api::completions, small).output_tokens, 7);
}

TEST(RequestBody, HugeMaxTokensDoesNotOverflow) {
  const Problem problem =
      refused(R"({"model":"m","prompt":[1,2],"max_tokens":9223372036854775807})", Api::completions);
  EXPECT_EQ(problem.kind, Problem::Kind::total_too_long);
  EXPECT_EQ(problem.number + problem.asked, 1'000'000'000'002);
}

TEST(RequestBody, BatchOfPromptsIsRefused) {
  EXPECT_EQ(refused(R"({"model":"m","prompt":["a","b"]})", Api::completions).kind,
            Problem::Kind::refused);
  EXPECT_EQ(accepted(R"({"model":"m","prompt":["a b"]})", Api::completions).prompt_tokens, 2);
}

TEST(RequestBody, TokenizeTakesEitherEnginesField) {
  EXPECT_EQ(parse_tokenize(R"({"prompt":"a b c"})").value().size(), 3U);
  EXPECT_EQ(parse_tokenize(R"({"content":"a b"})").value().size(), 2U);
}

TEST(RequestBody, NumbersBeyondTheSignedRangeStayLarge) {
  BodyRules any = rules();
  any.model_must_match = false;  // where -1 has a meaning of its own
  any.overflow = Overflow::shorten;
  const auto request =
      accepted(R"({"prompt":"a","max_tokens":18446744073709551615,"ignore_eos":true})",
               Api::completions, any);
  EXPECT_EQ(request.output_tokens, 1999);
  EXPECT_EQ(
      refused(R"({"model":"m","prompt":"a","max_tokens":18446744073709551615})", Api::completions)
          .kind,
      Problem::Kind::total_too_long);
}

TEST(RequestBody, ANumberThatNothingCanHoldIsBadJson) {
  EXPECT_EQ(refused(R"({"model":"m","prompt":"a","temperature":48e488})", Api::completions).kind,
            Problem::Kind::bad_json);
}

TEST(RequestBody, DeepNestingIsRefused) {
  const std::string deep =
      R"({"prompt":)" + std::string(1'000'000, '[') + std::string(1'000'000, ']') + "}";
  EXPECT_EQ(refused(deep, Api::completions).kind, Problem::Kind::refused);
}

}  // namespace
}  // namespace tokamark::sim
