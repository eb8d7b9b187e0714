// libFuzzer target: any bytes as a prompts file; the first byte chooses its format. Prompts that
// are read must survive being written as JSON lines, and must stand unchanged in the requests that
// are made of them.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz_input.h"
#include "protocol/request_renderer.h"
#include "workload/prompts.h"

namespace {

namespace protocol = tokamark::protocol;
namespace workload = tokamark::workload;
using tokamark::fuzz::check_error;
using Json = nlohmann::json;

constexpr const char* kSalt = "one two three four ";

void check_round_trip(const std::vector<workload::FilePrompt>& prompts) {
  std::string lines;
  for (const workload::FilePrompt& item : prompts) {
    Json line{{"category", item.prompt.category}};
    if (item.prompt.messages_json.empty()) {
      line["prompt"] = item.prompt.text;
    } else {
      line["messages"] = Json::parse(item.prompt.messages_json);
    }
    if (item.output_tokens != 0) line["output_tokens"] = item.output_tokens;
    lines += line.dump() + "\n";
  }
  const auto again = workload::parse_prompts(lines, "again", workload::PromptFormat::jsonl);
  TOKAMARK_ASSERT(again.has_value() && again.value().size() == prompts.size());
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    const workload::FilePrompt& item = again.value()[i];
    TOKAMARK_ASSERT(item.prompt.category == prompts[i].prompt.category);
    TOKAMARK_ASSERT(item.prompt.text == prompts[i].prompt.text);
    TOKAMARK_ASSERT(item.prompt.messages_json == prompts[i].prompt.messages_json);
    TOKAMARK_ASSERT(item.output_tokens == prompts[i].output_tokens);
  }
}

/// The body of a rendered request; its Content-Length must be true.
Json body_of(const std::string& request) {
  const std::size_t end = request.find("\r\n\r\n");
  TOKAMARK_ASSERT(end != std::string::npos);
  const std::string body = request.substr(end + 4);
  TOKAMARK_ASSERT(request.find("\r\nContent-Length: " + std::to_string(body.size()) + "\r\n") <
                  end);
  const Json json = Json::parse(body, nullptr, false);
  TOKAMARK_ASSERT(json.is_object() && json["model"] == "m" && json["max_tokens"] == 7);
  return json;
}

void check_chat(const workload::Prompt& prompt, const std::string& request) {
  Json messages = body_of(request)["messages"];
  if (prompt.messages_json.empty()) {
    TOKAMARK_ASSERT(messages.size() == 1 && messages[0]["role"] == "user");
    TOKAMARK_ASSERT(messages[0]["content"] == kSalt + prompt.text);
    return;
  }
  Json wanted = Json::parse(prompt.messages_json);
  for (Json& message : wanted) {
    if (!message["content"].is_string()) continue;
    message["content"] = kSalt + message["content"].get<std::string>();
    break;
  }
  TOKAMARK_ASSERT(messages == wanted);
}

void check_requests(const std::vector<workload::FilePrompt>& prompts, const std::string& api) {
  protocol::RequestShape shape;
  shape.host_header = "h";
  shape.path = "/p";
  shape.api = api;
  shape.model = "m";
  for (const workload::FilePrompt& item : prompts) {
    const auto renderer = protocol::RequestRenderer::make(shape, {item.prompt});
    if (!renderer.has_value()) {
      check_error(renderer.error());
      continue;
    }
    std::string request;
    renderer.value().render({0, 7, 3, kSalt}, request);
    if (api == "chat") {
      check_chat(item.prompt, request);
    } else {
      TOKAMARK_ASSERT(body_of(request)["prompt"] == kSalt + item.prompt.text);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tokamark::fuzz::Input input(data, size);
  const auto format = static_cast<workload::PromptFormat>(input.byte() % 4);
  const auto prompts = workload::parse_prompts(std::string(input.rest()), "file", format);
  if (!prompts.has_value()) {
    check_error(prompts.error());
    TOKAMARK_ASSERT(prompts.error().message.substr(0, 5) == "file:");
    return 0;
  }
  TOKAMARK_ASSERT(!prompts.value().empty());
  check_round_trip(prompts.value());
  check_requests(prompts.value(), "chat");
  check_requests(prompts.value(), "completions");
  return 0;
}
