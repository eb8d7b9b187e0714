#include "protocol/stream_event.h"

#include <simdjson.h>

#include <cstring>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/text.h"

namespace tokamark::protocol {

namespace {

namespace od = simdjson::ondemand;

constexpr std::size_t kMessageLimit = 300;

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::string one_line(std::string_view text) {
  return base::one_line(trimmed(text).substr(0, kMessageLimit));
}

/// True when the value is a string with at least one character.
bool is_filled_string(od::value value) {
  std::string_view text;
  return value.get_string().get(text) == simdjson::SUCCESS && !text.empty();
}

bool is_filled_array(od::value value, std::int64_t& count) {
  od::array items;
  if (value.get_array().get(items) != simdjson::SUCCESS) return false;
  std::size_t size = 0;
  if (items.count_elements().get(size) != simdjson::SUCCESS) return false;
  count = static_cast<std::int64_t>(size);
  return size > 0;
}

void read_number(od::value value, std::int64_t& into) {
  std::int64_t number = 0;
  if (value.get_int64().get(number) == simdjson::SUCCESS) into = number;
}

bool read_delta(od::value value, StreamEvent& event) {
  od::object delta;
  if (value.get_object().get(delta) != simdjson::SUCCESS) return true;  // null is no delta
  for (auto field : delta) {
    std::string_view key;
    od::value item;
    if (field.unescaped_key().get(key) || field.value().get(item)) return false;
    if (key == "content" || key == "reasoning" || key == "reasoning_content") {
      event.has_text |= is_filled_string(item);
    } else if (key == "tool_calls") {
      std::int64_t calls = 0;
      event.has_text |= is_filled_array(item, calls);
    }
  }
  return true;
}

bool read_choice(od::value value, StreamEvent& event) {
  od::object choice;
  if (value.get_object().get(choice) != simdjson::SUCCESS) return false;
  for (auto field : choice) {
    std::string_view key;
    od::value item;
    if (field.unescaped_key().get(key) || field.value().get(item)) return false;
    if (key == "delta" || key == "message") {  // the latter where the answer is not streamed
      if (!read_delta(item, event)) return false;
    } else if (key == "text") {
      event.has_text |= is_filled_string(item);
    } else if (key == "token_ids") {
      std::int64_t ids = 0;
      if (is_filled_array(item, ids)) event.token_ids = ids;
    } else if (key == "finish_reason") {
      std::string_view reason;
      if (item.get_string().get(reason) == simdjson::SUCCESS) event.finish_reason = reason;
    }
  }
  return true;
}

bool read_choices(od::value value, StreamEvent& event) {
  od::array choices;
  if (value.get_array().get(choices) != simdjson::SUCCESS) return true;
  for (auto choice : choices) {
    od::value item;
    if (choice.get(item) || !read_choice(item, event)) return false;
    event.has_choices = true;
  }
  return true;
}

bool read_usage(od::value value, StreamEvent& event) {
  od::object usage;
  if (value.get_object().get(usage) != simdjson::SUCCESS) return true;  // "usage": null
  for (auto field : usage) {
    std::string_view key;
    od::value item;
    if (field.unescaped_key().get(key) || field.value().get(item)) return false;
    if (key == "prompt_tokens") {
      read_number(item, event.prompt_tokens);
    } else if (key == "completion_tokens") {
      read_number(item, event.completion_tokens);
    } else if (key == "prompt_tokens_details") {
      od::object details;
      if (item.get_object().get(details) != simdjson::SUCCESS) continue;
      for (auto detail : details) {
        od::value count;
        if (detail.unescaped_key().get(key) || detail.value().get(count)) return false;
        if (key == "cached_tokens") read_number(count, event.cached_tokens);
      }
    }
  }
  return true;
}

/// `value` is what stands under "error": an object with a message, or a string.
bool read_error(od::value value, StreamEvent& event) {
  std::string_view raw;
  // Written out: taken for a bool, what is not JSON would throw.
  bool null = false;
  if (simdjson::simdjson_result<bool>(value.is_null()).get(null) != simdjson::SUCCESS) return false;
  if (null) return true;
  event.is_error = true;
  if (simdjson::to_json_string(value).get(raw) != simdjson::SUCCESS) return false;
  event.error_message = error_message_of_body("{\"error\":" + std::string(raw) + "}");
  return true;
}

std::string message_of(const nlohmann::json& json) {
  if (json.is_string()) return json.get<std::string>();
  if (!json.is_object()) return {};
  for (const char* key : {"message", "error", "detail"}) {
    const auto found = json.find(key);
    if (found == json.end()) continue;
    std::string text = message_of(*found);
    if (text.empty() && found->is_array() && !found->empty()) text = found->front().dump();
    if (!text.empty()) return text;
  }
  return {};
}

}  // namespace

std::string error_message_of_body(std::string_view body) {
  std::string text;
  if (base::json_depth(body) <= base::kMaxJsonDepth) {
    const auto json = nlohmann::json::parse(body, nullptr, false);
    if (!json.is_discarded()) text = message_of(json);
  }
  return one_line(text.empty() ? body : std::string_view(text));
}

class StreamEventParser::Reader {
 public:
  /// Reads every field that counts; false when the text is not the expected JSON.
  bool read(std::string_view data, StreamEvent& event) {
    if (data.empty()) return false;
    if (buffer_.size() < data.size() + simdjson::SIMDJSON_PADDING) {
      buffer_.resize(data.size() * 2 + simdjson::SIMDJSON_PADDING);
    }
    std::memcpy(buffer_.data(), data.data(), data.size());
    // A text without all its closing brackets is read one byte too far: an earlier event's bytes
    // there could close it.
    std::memset(buffer_.data() + data.size(), 0, simdjson::SIMDJSON_PADDING);
    od::document document;
    od::object root;
    if (parser_.iterate(buffer_.data(), data.size(), buffer_.size()).get(document)) return false;
    if (document.get_object().get(root)) return false;
    for (auto field : root) {
      std::string_view key;
      od::value value;
      if (field.unescaped_key().get(key) || field.value().get(value)) return false;
      if (!read_field(key, value, event)) return false;
    }
    return true;
  }

 private:
  static bool read_field(std::string_view key, od::value value, StreamEvent& event) {
    if (key == "choices") return read_choices(value, event);
    if (key == "usage") return read_usage(value, event);
    if (key == "error") return read_error(value, event);
    if (key == "object") {
      std::string_view kind;
      // SGLang's and TensorRT-LLM's flat error object.
      if (value.get_string().get(kind) == simdjson::SUCCESS && kind == "error") {
        event.is_error = true;
      }
    } else if (key == "message") {
      std::string_view text;
      if (value.get_string().get(text) == simdjson::SUCCESS) event.error_message = one_line(text);
    }
    return true;
  }

  od::parser parser_;
  std::vector<char> buffer_ = std::vector<char>(4096);
};

StreamEventParser::StreamEventParser() : reader_(std::make_unique<Reader>()) {}
StreamEventParser::~StreamEventParser() = default;

const StreamEvent& StreamEventParser::parse(std::string_view data) {
  event_ = StreamEvent();
  data = trimmed(data);
  if (data == "[DONE]") {
    event_.done = true;
  } else if (!reader_->read(data, event_)) {
    event_.malformed = true;
  }
  return event_;
}

}  // namespace tokamark::protocol
