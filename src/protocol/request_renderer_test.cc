#include "protocol/request_renderer.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace tokamark::protocol {
namespace {

using nlohmann::json;

RequestShape shape() {
  RequestShape s;
  s.host_header = "127.0.0.1:9";
  s.path = "/v1/chat/completions";
  s.api = "chat";
  s.model = "m\"quoted\"";
  return s;
}

struct Parsed {
  std::string head;
  json body;
};

Parsed render(const RequestShape& s, const workload::Prompt& prompt, const std::string& salt) {
  const auto renderer = RequestRenderer::make(s, {prompt});
  EXPECT_TRUE(renderer.has_value());
  std::string bytes;
  renderer.value().render({0, 17, 42, salt}, bytes);
  const std::size_t cut = bytes.find("\r\n\r\n");
  const std::string body = bytes.substr(cut + 4);
  const std::string length = "Content-Length: " + std::to_string(body.size()) + "\r\n";
  EXPECT_NE((bytes.substr(0, cut) + "\r\n").find(length), std::string::npos);
  return {bytes.substr(0, cut), json::parse(body)};
}

TEST(RequestRenderer, WritesAChatRequestWithTheSaltInFrontOfTheText) {
  workload::Prompt prompt;
  prompt.text = "say \"hi\"\n\xC3\xA9";
  const Parsed got = render(shape(), prompt, "four small words here ");
  EXPECT_EQ(got.head.substr(0, 34), "POST /v1/chat/completions HTTP/1.1");
  EXPECT_NE(got.head.find("x-request-id: tokamark-42"), std::string::npos);
  EXPECT_EQ(got.body["messages"][0]["content"], "four small words here " + prompt.text);
  EXPECT_EQ(got.body["model"], "m\"quoted\"");
  EXPECT_EQ(got.body["max_tokens"], 17);
  EXPECT_EQ(got.body["stream_options"]["include_usage"], true);
  EXPECT_FALSE(got.body.contains("ignore_eos"));
  EXPECT_FALSE(got.body.contains("min_tokens"));
}

TEST(RequestRenderer, AsksForAnExactLengthOnlyWithTheFieldsTheEngineTakes) {
  RequestShape s = shape();
  s.exact_length = true;
  s.ignore_eos = true;
  s.min_tokens = true;
  s.cache_prompt_off = true;
  s.continuous_usage = true;
  const Parsed got = render(s, {"", "x", "", 0}, "");
  EXPECT_EQ(got.body["ignore_eos"], true);
  EXPECT_EQ(got.body["min_tokens"], 17);
  EXPECT_EQ(got.body["cache_prompt"], false);
  EXPECT_EQ(got.body["stream_options"]["continuous_usage_stats"], true);
  s.exact_length = false;
  EXPECT_FALSE(render(s, {"", "x", "", 0}, "").body.contains("ignore_eos"));
}

TEST(RequestRenderer, AsksTransformersForAnExactLengthByAConfigurationWithoutEnd) {
  RequestShape s = shape();
  s.endless_generation_config = true;
  EXPECT_FALSE(render(s, {"", "x", "", 0}, "").body.contains("generation_config"));
  s.exact_length = true;
  s.temperature = 0.5;
  const Parsed got = render(s, {"", "x", "", 0}, "");
  EXPECT_EQ(json::parse(got.body["generation_config"].get<std::string>()),
            (json{{"do_sample", true}, {"eos_token_id", -1}}));
}

TEST(RequestRenderer, SaltsTheFirstTextOfChatMessages) {
  workload::Prompt prompt;
  prompt.messages_json =
      R"([{"role":"system","content":"be brief"},{"role":"user","content":"hi"}])";
  const Parsed got = render(shape(), prompt, "salt ");
  EXPECT_EQ(got.body["messages"][0]["content"], "salt be brief");
  EXPECT_EQ(got.body["messages"][1]["content"], "hi");
}

TEST(RequestRenderer, WritesACompletionsRequest) {
  RequestShape s = shape();
  s.api = "completions";
  s.path = "/v1/completions";
  const Parsed got = render(s, {"", "once upon", "", 0}, "salt ");
  EXPECT_EQ(got.body["prompt"], "salt once upon");
}

TEST(RequestRenderer, RefusesMessagesOnTheCompletionsApiAndMessagesThatAreNone) {
  RequestShape s = shape();
  s.api = "completions";
  workload::Prompt prompt;
  prompt.messages_json = R"([{"role":"user","content":"hi"}])";
  EXPECT_FALSE(RequestRenderer::make(s, {prompt}).has_value());
  prompt.messages_json = R"({"role":"user"})";
  EXPECT_FALSE(RequestRenderer::make(shape(), {prompt}).has_value());
}

TEST(RequestRenderer, SaltsTheFirstTextWhateverTheOthersHold) {
  workload::Prompt prompt;
  prompt.messages_json =
      R"([{"role":"user","content":[{"type":"text","text":"\u0001salt\u0001"}]},)"
      R"({"role":"user","content":"\u0001salt\u0001 x"}])";
  json wanted = json::parse(prompt.messages_json);
  wanted[1]["content"] = "four words " + wanted[1]["content"].get<std::string>();
  EXPECT_EQ(render(shape(), prompt, "four words ").body["messages"], wanted);
}

}  // namespace
}  // namespace tokamark::protocol
