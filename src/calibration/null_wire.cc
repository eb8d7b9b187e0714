#include "calibration/null_wire.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/assert.h"
#include "sim/wire.h"

namespace tokamark::calibration {

namespace {

constexpr std::uint32_t kDefaultTokens = 100;
constexpr std::string_view kOpenChat =
    R"(data: {"id":"chatcmpl-00000000000000000000000000000000","object":"chat.completion.chunk",)"
    R"("created":1764000000,"model":"null","choices":[)";
constexpr std::string_view kOpenText =
    R"(data: {"id":"cmpl-000000000000000000000000000000000000","object":"text_completion",)"
    R"("created":1764000000,"model":"null","choices":[)";

std::string event(Route route, std::uint32_t tokens, std::string_view finish) {
  std::string text;
  for (std::uint32_t i = 0; i < tokens; ++i) text += " tok";
  const std::string rest =
      fmt::format(R"("logprobs":null,"finish_reason":{},"token_ids":null}}]}})", finish);
  std::string out;
  if (route == Route::chat) {
    sim::append_chunk(fmt::format(R"({}{{"index":0,"delta":{{"content":"{}"}},{})"
                                  "\n\n",
                                  kOpenChat, text, rest),
                      out);
  } else {
    sim::append_chunk(fmt::format(R"({}{{"index":0,"text":"{}",{})"
                                  "\n\n",
                                  kOpenText, text, rest),
                      out);
  }
  return out;
}

}  // namespace

NullWire::NullWire(Route route, std::uint32_t tokens_per_chunk) {
  TOKAMARK_ASSERT(tokens_per_chunk > 0);
  if (route == Route::chat) {
    sim::append_chunk(fmt::format(R"({}{{"index":0,"delta":{{"role":"assistant","content":""}},)"
                                  R"("logprobs":null,"finish_reason":null}}]}})"
                                  "\n\n",
                                  kOpenChat),
                      role_);
  }
  for (std::uint32_t tokens = 0; tokens <= tokens_per_chunk; ++tokens) {
    middle_.push_back(event(route, tokens, "null"));
    last_.push_back(event(route, tokens, R"("length")"));
  }
}

const std::string& NullWire::head() {
  static const std::string head = std::string(
                                      "HTTP/1.1 200 OK\r\n"
                                      "content-type: text/event-stream; charset=utf-8\r\n"
                                      "transfer-encoding: chunked\r\n") +
                                  std::string(sim::kSimulatedHeader) + "\r\n";
  return head;
}

std::string NullWire::end(std::uint32_t output_tokens, bool usage) {
  std::string out;
  if (usage) {
    sim::append_chunk(fmt::format(R"({}],"usage":{{"prompt_tokens":1,"total_tokens":{},)"
                                  R"("completion_tokens":{}}}}})"
                                  "\n\n",
                                  kOpenChat, output_tokens + 1, output_tokens),
                      out);
  }
  sim::append_done(sim::Reply(), out);
  return out;
}

std::string NullWire::json_answer(int status, const std::string& body) {
  return fmt::format(
      "HTTP/1.1 {} {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n{}\r\n{}", status,
      sim::status_text(status), body.size(), sim::kSimulatedHeader, body);
}

std::uint64_t asked_tokens(const nlohmann::json& body) {
  for (const char* key : {"max_completion_tokens", "max_tokens"}) {
    const auto found = body.find(key);
    if (found != body.end() && found->is_number_unsigned()) return found->get<std::uint64_t>();
  }
  return kDefaultTokens;
}

bool wants_usage(const nlohmann::json& body) {
  const auto options = body.find("stream_options");
  return options != body.end() && options->is_object() && options->value("include_usage", false);
}

}  // namespace tokamark::calibration
