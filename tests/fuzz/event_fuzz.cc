// libFuzzer target: any bytes as the data of one event of a stream. Where another JSON reader
// takes them for an object, ours must read the same out of them.
#include <cstddef>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <tuple>

#include "fuzz_input.h"
#include "protocol/stream_event.h"

namespace {

using tokamark::protocol::StreamEvent;
using tokamark::protocol::StreamEventParser;
using Json = nlohmann::ordered_json;

auto fields_of(const StreamEvent& event) {
  return std::tie(event.done, event.malformed, event.is_error, event.has_choices, event.has_text,
                  event.token_ids, event.completion_tokens, event.prompt_tokens,
                  event.cached_tokens, event.finish_reason, event.error_message);
}

bool filled_string(const Json& value) { return value.is_string() && !value.empty() && value != ""; }
bool filled_array(const Json& value) { return value.is_array() && !value.empty(); }

void read_number(const Json& value, std::int64_t& into) {
  const bool wide = value.is_number_unsigned() &&
                    value.get<std::uint64_t>() > std::numeric_limits<std::int64_t>::max();
  if (value.is_number_integer() && !wide) into = value.get<std::int64_t>();
}

void expect_choice(const Json& choice, StreamEvent& event) {
  for (const auto& [key, value] : choice.items()) {
    if (key == "delta" && value.is_object()) {
      for (const char* name : {"content", "reasoning", "reasoning_content"}) {
        event.has_text |= value.contains(name) && filled_string(value[name]);
      }
      event.has_text |= value.contains("tool_calls") && filled_array(value["tool_calls"]);
    } else if (key == "text") {
      event.has_text |= filled_string(value);
    } else if (key == "token_ids" && filled_array(value)) {
      event.token_ids = static_cast<std::int64_t>(value.size());
    } else if (key == "finish_reason" && value.is_string()) {
      event.finish_reason = value.get<std::string>();
    }
  }
}

void expect_usage(const Json& usage, StreamEvent& event) {
  if (!usage.is_object()) return;
  if (usage.contains("prompt_tokens")) read_number(usage["prompt_tokens"], event.prompt_tokens);
  if (usage.contains("completion_tokens")) {
    read_number(usage["completion_tokens"], event.completion_tokens);
  }
  const auto details = usage.find("prompt_tokens_details");
  if (details == usage.end() || !details->is_object()) return;
  if (details->contains("cached_tokens")) {
    read_number((*details)["cached_tokens"], event.cached_tokens);
  }
}

/// What an event without the same key twice says, by the contract of StreamEvent. The message is
/// left out.
StreamEvent expected(const Json& root) {
  StreamEvent event;
  for (const auto& [key, value] : root.items()) {
    if (key == "choices" && value.is_array()) {
      for (const Json& choice : value) {
        if (!choice.is_object()) {
          event.malformed = true;
          return event;
        }
        expect_choice(choice, event);
        event.has_choices = true;
      }
    } else if (key == "usage") {
      expect_usage(value, event);
    } else if (key == "error") {
      event.is_error |= !value.is_null();
    } else if (key == "object") {
      event.is_error |= value == "error";
    }
  }
  return event;
}

std::size_t count_keys(const Json& value) {
  std::size_t keys = value.is_object() ? value.size() : 0;
  if (value.is_structured()) {
    for (const Json& item : value) keys += count_keys(item);
  }
  return keys;
}

void check_against_other_reader(std::string_view data, const StreamEvent& event) {
  constexpr int kDeepest = 200;  // the other reader's helpers above are recursive
  std::size_t keys = 0;
  bool deep = false;
  const auto note = [&](int depth, Json::parse_event_t what, Json& /*value*/) {
    keys += what == Json::parse_event_t::key ? 1 : 0;
    deep |= depth > kDeepest;
    return depth <= kDeepest;
  };
  const Json root = Json::parse(data, note, false);
  if (deep || !root.is_object() || count_keys(root) != keys) return;
  StreamEvent wanted = expected(root);
  TOKAMARK_ASSERT(wanted.malformed == event.malformed);
  if (event.malformed) return;
  wanted.error_message = event.error_message;
  TOKAMARK_ASSERT(fields_of(wanted) == fields_of(event));
}

void check_message(std::string_view message) {
  TOKAMARK_ASSERT(message.size() <= 300);
  for (const char c : message) TOKAMARK_ASSERT(static_cast<unsigned char>(c) >= 0x20);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = tokamark::fuzz::Input(data, size).rest();
  StreamEventParser fresh;
  const StreamEvent event = fresh.parse(text);
  check_message(event.error_message);
  check_message(tokamark::protocol::error_message_of_body(text));

  // Nothing of an earlier event is left in a parser that is used again.
  static StreamEventParser used;
  TOKAMARK_ASSERT(fields_of(used.parse(text)) == fields_of(event));
  const std::string blanks = " \r\n" + std::string(text) + "\t ";
  TOKAMARK_ASSERT(fields_of(used.parse(blanks)) == fields_of(event));

  // The other reader forgives a byte order mark, and ends at a zero byte.
  const bool strict = text.substr(0, 1) != "\xEF" && text.find('\0') == std::string_view::npos;
  if (!event.done && strict) check_against_other_reader(text, event);
  return 0;
}
