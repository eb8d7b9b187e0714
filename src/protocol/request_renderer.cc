#include "protocol/request_renderer.h"

#include <nlohmann/json.hpp>

#include "base/assert.h"

namespace tokamark::protocol {

namespace {

using nlohmann::json;

std::string quoted(const std::string& text) {
  return json(text).dump(-1, ' ', false, json::error_handler_t::replace);
}

/// The text as it stands inside a JSON string, without the quotes.
std::string escaped(const std::string& text) {
  const std::string whole = quoted(text);
  return whole.substr(1, whole.size() - 2);
}

/// Stands where the salt goes.
const std::string kSaltMark = "\x01salt\x01";

/// Messages as JSON, and the mark in them.
struct MarkedMessages {
  std::string text;
  std::string mark;  ///< as it stands in the text, where it is once
};

base::Result<MarkedMessages> messages_with_mark(const workload::Prompt& prompt) {
  json messages = json::parse(prompt.messages_json, nullptr, false);
  const base::Error bad{base::ErrorKind::study,
                        "a prompt's messages are not a JSON array of {\"role\", \"content\"}"};
  if (!messages.is_array() || messages.empty()) return bad;
  for (json& message : messages) {
    if (!message.is_object() || !message.contains("role")) return bad;
  }
  const auto dumped = [&] { return messages.dump(-1, ' ', false, json::error_handler_t::replace); };
  std::string mark = kSaltMark;
  while (dumped().find(escaped(mark)) != std::string::npos) mark += '\x01';
  for (json& message : messages) {
    const auto content = message.find("content");
    if (content != message.end() && content->is_string()) {
      *content = mark + content->get<std::string>();
      return MarkedMessages{dumped(), escaped(mark)};
    }
  }
  return bad;
}

}  // namespace

std::string endless_generation_config(double temperature) {
  return json{{"do_sample", temperature > 0.0}, {"eos_token_id", -1}}.dump();
}

base::Result<RequestRenderer> RequestRenderer::make(const RequestShape& shape,
                                                    const std::vector<workload::Prompt>& prompts) {
  RequestRenderer renderer;
  renderer.head_ = "POST " + shape.path + " HTTP/1.1\r\nHost: " + shape.host_header +
                   "\r\nContent-Type: application/json\r\nAccept: text/event-stream\r\n";
  for (const auto& [name, value] : shape.headers) {
    renderer.head_ += name + ": " + value + "\r\n";
  }
  renderer.head_ += "x-request-id: tokamark-";

  for (const workload::Prompt& prompt : prompts) {
    std::string body = "{\"model\":" + quoted(shape.model);
    const std::size_t model_end = body.size();
    std::string mark = escaped(kSaltMark);
    if (!prompt.messages_json.empty() && shape.api != "chat") {
      return base::Error{base::ErrorKind::study,
                         "chat messages need api: chat, and this engine's api is " + shape.api};
    }
    if (!prompt.messages_json.empty()) {
      TOKAMARK_TRY(MarkedMessages messages, messages_with_mark(prompt));
      body += ",\"messages\":" + messages.text;
      mark = std::move(messages.mark);
    } else if (shape.api == "chat") {
      body += R"(,"messages":[{"role":"user","content":")" + mark + escaped(prompt.text) + "\"}]";
    } else {
      body += ",\"prompt\":\"" + mark + escaped(prompt.text) + "\"";
    }
    const std::size_t at = body.find(mark, model_end);
    TOKAMARK_ASSERT(at != std::string::npos);
    renderer.prompts_.push_back({body.substr(0, at), body.substr(at + mark.size())});
  }

  renderer.tail_before_length_ = ",\"max_tokens\":";
  std::string& tail = renderer.tail_after_length_;
  tail = ",\"temperature\":" + json(shape.temperature).dump() + ",\"stream\":true";
  if (shape.stream_usage) {
    tail += R"(,"stream_options":{"include_usage":true)";
    if (shape.continuous_usage) tail += ",\"continuous_usage_stats\":true";
    tail += "}";
  }
  if (shape.exact_length && shape.ignore_eos) tail += ",\"ignore_eos\":true";
  if (shape.exact_length && shape.endless_generation_config) {
    tail += ",\"generation_config\":" + quoted(endless_generation_config(shape.temperature));
  }
  if (shape.cache_prompt_off) tail += ",\"cache_prompt\":false";
  renderer.min_tokens_ = shape.exact_length && shape.min_tokens;
  return renderer;
}

void RequestRenderer::render(const Item& item, std::string& out) const {
  TOKAMARK_ASSERT(item.prompt < prompts_.size());
  const Fragments& prompt = prompts_[item.prompt];
  const std::string length = std::to_string(item.output_tokens);
  const std::string minimum = min_tokens_ ? ",\"min_tokens\":" + length : std::string();
  // Salts are plain words: they need no escaping.
  const std::size_t body = prompt.before_salt.size() + item.salt.size() + prompt.after_salt.size() +
                           tail_before_length_.size() + length.size() + minimum.size() +
                           tail_after_length_.size() + 1;
  out.clear();
  out.append(head_).append(std::to_string(item.sequence));
  out.append("\r\nContent-Length: ").append(std::to_string(body)).append("\r\n\r\n");
  out.append(prompt.before_salt).append(item.salt).append(prompt.after_salt);
  out.append(tail_before_length_).append(length).append(minimum).append(tail_after_length_);
  out.push_back('}');
}

}  // namespace tokamark::protocol
