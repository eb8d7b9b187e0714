#include "protocol/stream_event.h"

#include <simdjson.h>

#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "base/text.h"

namespace tokamark::protocol {

namespace {

// `simdjson::ondemand` lacks the type of a string as it is written.
namespace od = simdjson::SIMDJSON_BUILTIN_IMPLEMENTATION::ondemand;

constexpr std::size_t kMessageLimit = 300;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

std::string one_line(std::string_view text) {
  return base::one_line(trimmed(text).substr(0, kMessageLimit));
}

/// The fields of one event that count. Every method returns false when the text is not JSON.
/// `kEscapes`: a backslash is somewhere in the text. Without one, every key and every string is
/// written as it is meant, and is compared where it stands.
template <bool kEscapes>
class FieldReader {
 public:
  explicit FieldReader(StreamEvent& event) : event_(event) {}

  bool read_event(od::object root) {
    return each_field(root, [this](const Key& key, od::value value) {
      if (key.is("choices")) return read_choices(value);
      if (key.is("usage")) return read_usage(value);
      if (key.is("error")) return read_error(value);
      if (key.is("object")) {
        // SGLang's and TensorRT-LLM's flat error object.
        event_.is_error |= is_string(value, "error");
      } else if (key.is("message")) {
        std::string_view text;
        if (!value.get_string().get(text)) event_.error_message = one_line(text);
      }
      return true;
    });
  }

 private:
  /// A field's key, until the next field.
  class Key {
   public:
    static bool read(od::field& field, Key& key) {
      key.written_ = field.key().raw();
      if constexpr (!kEscapes) return true;
      return field.unescaped_key().get(key.unescaped_) == simdjson::SUCCESS;
    }
    template <std::size_t kSize>
    [[nodiscard]] bool is(const char (&name)[kSize]) const {
      static_assert(kSize <= simdjson::SIMDJSON_PADDING, "may be read beyond the end of the text");
      if constexpr (kEscapes) return unescaped_ == name;
      return written_[0] == name[0] && std::memcmp(written_, name, kSize - 1) == 0 &&
             written_[kSize - 1] == '"';
    }

   private:
    const char* written_ = nullptr;
    std::string_view unescaped_;
  };

  template <typename Take>
  static bool each_field(od::object& object, Take take) {
    for (auto next : object) {
      Key key;
      if (next.error() || !Key::read(next.value_unsafe(), key)) return false;
      if (!take(key, next.value_unsafe().value())) return false;
    }
    return true;
  }

  [[nodiscard]] static bool is_string(od::value value, std::string_view text) {
    if constexpr (kEscapes) {
      std::string_view unescaped;
      return !value.get_string().get(unescaped) && unescaped == text;
    }
    od::raw_json_string written;
    return !value.get_raw_json_string().get(written) && written.unsafe_is_equal(text);
  }

  /// True when the value is a string with at least one character, whatever that is.
  static bool is_filled_string(od::value value) {
    od::raw_json_string text;
    return !value.get_raw_json_string().get(text) && *text.raw() != '"';
  }

  static bool is_filled_array(od::value value, std::int64_t& count) {
    od::array items;
    if (value.get_array().get(items)) return false;
    std::size_t size = 0;
    if (items.count_elements().get(size)) return false;
    count = static_cast<std::int64_t>(size);
    return size > 0;
  }

  static void read_number(od::value value, std::int64_t& into) {
    std::int64_t number = 0;
    if (!value.get_int64().get(number)) into = number;
  }

  bool read_choices(od::value value) {
    od::array choices;
    if (value.get_array().get(choices)) return true;
    for (auto next : choices) {
      od::value item;
      od::object choice;
      if (next.get(item) || item.get_object().get(choice) || !read_choice(choice)) return false;
      event_.has_choices = true;
    }
    return true;
  }

  bool read_choice(od::object& choice) {
    return each_field(choice, [this](const Key& key, od::value item) {
      // The latter where the answer is not streamed.
      if (key.is("delta") || key.is("message")) return read_delta(item);
      if (key.is("text")) {
        event_.has_text |= is_filled_string(item);
      } else if (key.is("token_ids")) {
        std::int64_t ids = 0;
        if (is_filled_array(item, ids)) event_.token_ids = ids;
      } else if (key.is("finish_reason")) {
        std::string_view reason;
        if (!item.get_string().get(reason)) event_.finish_reason = reason;
      }
      return true;
    });
  }

  bool read_delta(od::value value) {
    od::object delta;
    if (value.get_object().get(delta)) return true;  // null is no delta
    return each_field(delta, [this](const Key& key, od::value item) {
      if (key.is("content") || key.is("reasoning") || key.is("reasoning_content")) {
        event_.has_text |= is_filled_string(item);
      } else if (key.is("tool_calls")) {
        std::int64_t calls = 0;
        event_.has_text |= is_filled_array(item, calls);
      }
      return true;
    });
  }

  bool read_usage(od::value value) {
    od::object usage;
    if (value.get_object().get(usage)) return true;  // "usage": null
    return each_field(usage, [this](const Key& key, od::value item) {
      if (key.is("prompt_tokens")) {
        read_number(item, event_.prompt_tokens);
      } else if (key.is("completion_tokens")) {
        read_number(item, event_.completion_tokens);
      } else if (key.is("prompt_tokens_details")) {
        od::object details;
        if (item.get_object().get(details)) return true;
        return each_field(details, [this](const Key& detail, od::value count) {
          if (detail.is("cached_tokens")) read_number(count, event_.cached_tokens);
          return true;
        });
      }
      return true;
    });
  }

  /// `value` is what stands under "error": an object with a message, or a string.
  bool read_error(od::value value) {
    std::string_view raw;
    // Written out: taken for a bool, what is not JSON would throw.
    bool null = false;
    if (simdjson::simdjson_result<bool>(value.is_null()).get(null)) return false;
    if (null) return true;
    event_.is_error = true;
    if (simdjson::to_json_string(value).get(raw)) return false;
    event_.error_message = error_message_of_body("{\"error\":" + std::string(raw) + "}");
    return true;
  }

  StreamEvent& event_;
};

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

void StreamEvent::reset() {
  done = malformed = is_error = has_choices = has_text = false;
  token_ids = completion_tokens = prompt_tokens = cached_tokens = -1;
  finish_reason.clear();
  error_message.clear();
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
    // A text whose brackets do not match is read one byte too far. There must be nothing that leads
    // on, as an earlier event's bytes would.
    buffer_[data.size()] = '\0';
    od::document document;
    od::object root;
    if (parser_.iterate(buffer_.data(), data.size(), buffer_.size()).get(document)) return false;
    if (document.get_object().get(root)) return false;
    const bool escapes = data.find('\\') != std::string_view::npos;
    const bool read = escapes ? FieldReader<true>(event).read_event(root)
                              : FieldReader<false>(event).read_event(root);
    const char* rest = nullptr;
    return read && document.current_location().get(rest) == simdjson::OUT_OF_BOUNDS;
  }

 private:
  od::parser parser_;
  std::vector<char> buffer_ = std::vector<char>(4096);
};

StreamEventParser::StreamEventParser() : reader_(std::make_unique<Reader>()) {}
StreamEventParser::~StreamEventParser() = default;

const StreamEvent& StreamEventParser::parse(std::string_view data) {
  event_.reset();
  data = trimmed(data);
  if (data == "[DONE]") {
    event_.done = true;
  } else if (!reader_->read(data, event_)) {
    event_.malformed = true;
  }
  return event_;
}

}  // namespace tokamark::protocol
