#include "drain/token_stream.h"

#include <fmt/format.h>

namespace tokamark::bench {

namespace {

std::string chunk(const std::string& data) {
  const std::string event = "data: " + data + "\n\n";
  return fmt::format("{:x}\r\n{}\r\n", event.size(), event);
}

}  // namespace

std::string answer_head() {
  return "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
         "Transfer-Encoding: chunked\r\n\r\n";
}

std::string token_chunk() {
  return chunk(
      R"({"id":"chatcmpl-0123456789abcdef0123456789abcdef","object":"chat.completion.chunk",)"
      R"("created":1764000000,"model":"drain/model-of-the-bench","choices":[{"index":0,"delta":)"
      R"({"content":" token"},"logprobs":null,"finish_reason":null,"token_ids":null}]})");
}

std::string answer_end(std::uint32_t tokens) {
  return chunk(R"({"choices":[{"index":0,"delta":{"content":""},"finish_reason":"length"}]})") +
         chunk(fmt::format(
             R"({{"choices":[],"usage":{{"prompt_tokens":1,"completion_tokens":{}}}}})", tokens)) +
         chunk("[DONE]") + "0\r\n\r\n";
}

}  // namespace tokamark::bench
