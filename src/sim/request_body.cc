#include "sim/request_body.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "sim/text.h"

namespace tokamark::sim {
namespace {

using nlohmann::json;

struct Prompt {
  std::int64_t tokens = 0;
  std::uint64_t seed = 0;
  std::vector<std::int64_t> ids;
};

Problem bad_type(std::string_view field, const json& value) {
  return {Problem::Kind::bad_type, std::string(field), value.dump(), 0, 0, 0};
}

Problem named(Problem::Kind kind, std::string_view field) {
  return {kind, std::string(field), {}, 0, 0, 0};
}

Problem refused(std::string detail) {
  return {Problem::Kind::refused, {}, std::move(detail), 0, 0, 0};
}

Accepted<json> parse_object(std::string_view body) {
  if (base::json_depth(body) > base::kMaxJsonDepth) {
    return refused("The body's lists and objects lie too deep in one another.");
  }
  try {
    json value = json::parse(body);
    if (!value.is_object()) return bad_type("body", value);
    return value;
  } catch (const json::out_of_range& error) {
    return Problem{Problem::Kind::bad_json, {}, error.what(), 0, 0, 0};
  } catch (const json::parse_error& error) {
    const auto offset = static_cast<std::int64_t>(error.byte == 0 ? 0 : error.byte - 1);
    return Problem{Problem::Kind::bad_json, {}, error.what(), offset, 0, 0};
  }
}

Accepted<bool> flag(const json& object, const char* field, bool otherwise) {
  const auto it = object.find(field);
  if (it == object.end() || it->is_null()) return otherwise;
  if (!it->is_boolean()) return bad_type(field, *it);
  return it->get<bool>();
}

Accepted<std::optional<std::int64_t>> integer(const json& object, const char* field) {
  const auto it = object.find(field);
  if (it == object.end() || it->is_null()) return std::optional<std::int64_t>{};
  if (!it->is_number_integer()) return bad_type(field, *it);
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  const bool wide =
      it->is_number_unsigned() && !std::in_range<std::int64_t>(it->get<std::uint64_t>());
  return std::optional<std::int64_t>{wide ? kMost : it->get<std::int64_t>()};
}

void add_text(Prompt& prompt, const std::string& text) {
  const std::vector<std::int64_t> ids = word_ids(text);
  prompt.ids.insert(prompt.ids.end(), ids.begin(), ids.end());
  prompt.seed = mix(prompt.seed, text);
}

/// A message's content is a string, or a list of parts of which the text ones count.
Accepted<void> add_content(Prompt& prompt, const json& content) {
  if (content.is_null()) return base::ok();
  if (content.is_string()) {
    add_text(prompt, content.get_ref<const std::string&>());
    return base::ok();
  }
  if (!content.is_array()) return bad_type("messages", content);
  for (const json& part : content) {
    const auto text = part.is_object() ? part.find("text") : part.end();
    if (!part.is_object() || text == part.end() || !text->is_string()) {
      return bad_type("messages", part);
    }
    add_text(prompt, text->get_ref<const std::string&>());
  }
  return base::ok();
}

Accepted<Prompt> read_messages(const json& object) {
  const auto messages = object.find("messages");
  if (messages == object.end()) return named(Problem::Kind::missing_field, "messages");
  if (!messages->is_array() || messages->empty()) return bad_type("messages", *messages);
  Prompt prompt;
  for (std::int64_t i = 0; i < kChatTemplateTokens; ++i) prompt.ids.push_back(i);
  for (const json& message : *messages) {
    if (!message.is_object()) return bad_type("messages", message);
    const auto content = message.find("content");
    if (content == message.end()) continue;
    TOKAMARK_TRY_VOID(add_content(prompt, *content));
  }
  return prompt;
}

Accepted<Prompt> read_token_ids(const json& list) {
  Prompt prompt;
  prompt.ids.reserve(list.size());
  for (const json& id : list) {
    if (!id.is_number_integer()) return bad_type("prompt", id);
    prompt.ids.push_back(id.get<std::int64_t>());
    prompt.seed = mix(prompt.seed, prompt.ids.back());
  }
  return prompt;
}

Accepted<Prompt> read_prompt(const json& object) {
  const auto found = object.find("prompt");
  if (found == object.end()) return named(Problem::Kind::missing_field, "prompt");
  const json* value = &*found;
  const bool batch = value->is_array() && !value->empty() &&
                     (value->front().is_array() || value->front().is_string());
  if (batch) {
    if (value->size() > 1) return refused("The simulated engine takes one prompt a request.");
    value = &value->front();
  }
  if (value->is_array()) return read_token_ids(*value);
  if (!value->is_string()) return bad_type("prompt", *value);
  Prompt prompt;
  add_text(prompt, value->get_ref<const std::string&>());
  return prompt;
}

Accepted<void> check_fields(const json& object, std::span<const std::string_view> known) {
  if (known.empty()) return base::ok();
  for (const auto& [name, value] : object.items()) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      return Problem{Problem::Kind::unknown_field, name, value.dump(), 0, 0, 0};
    }
  }
  return base::ok();
}

Accepted<void> check_model(const json& object, const BodyRules& rules) {
  const auto model = object.find("model");
  if (!rules.model_must_match || model == object.end()) return base::ok();
  if (!model->is_string()) return bad_type("model", *model);
  const std::string& name = model->get_ref<const std::string&>();
  if (name == rules.served_model) return base::ok();
  return Problem{Problem::Kind::wrong_model, "model", name, 0, 0, 0};
}

/// max_completion_tokens (chat) goes before max_tokens; llama.cpp's n_predict is the last resort.
Accepted<std::optional<std::int64_t>> read_max_tokens(const json& object, Api api,
                                                      const BodyRules& rules) {
  // No context is that long; the bound keeps sums of token counts far from overflow.
  constexpr std::int64_t kMostTokens = 1'000'000'000'000;
  for (const char* field : {"max_completion_tokens", "max_tokens", "n_predict"}) {
    TOKAMARK_TRY(auto value, integer(object, field));
    if (!value) continue;
    if (*value >= 1) return std::optional<std::int64_t>{std::min(*value, kMostTokens)};
    // llama.cpp reads -1 as "until the context is full".
    if (*value == -1 && !rules.model_must_match) return std::optional<std::int64_t>{};
    return Problem{Problem::Kind::below_one, field, {}, *value, 0, 0};
  }
  return api == Api::completions ? rules.default_completion_tokens : std::nullopt;
}

Accepted<std::int64_t> allowed_output(std::int64_t prompt, std::optional<std::int64_t> asked,
                                      const BodyRules& rules) {
  const std::int64_t room = rules.context_limit - prompt;
  if (room < 1) {
    return Problem{Problem::Kind::prompt_too_long, {}, {}, prompt, 0, rules.context_limit};
  }
  if (!asked) return room;
  if (*asked > room && rules.overflow == Overflow::refuse) {
    return Problem{Problem::Kind::total_too_long, {}, {}, prompt, *asked, rules.context_limit};
  }
  return std::min(*asked, room);
}

Accepted<void> read_stream_options(const json& object, const BodyRules& rules,
                                   GenerateRequest& request) {
  const auto options = object.find("stream_options");
  if (options == object.end() || options->is_null()) return base::ok();
  if (!options->is_object()) return bad_type("stream_options", *options);
  if (!request.stream && rules.stream_options_need_stream) {
    return refused("Stream options can only be defined when `stream=True`.");
  }
  const bool otherwise = rules.include_usage_by_default;
  TOKAMARK_TRY(auto include, flag(*options, "include_usage", otherwise));
  TOKAMARK_TRY(auto continuous, flag(*options, "continuous_usage_stats", false));
  request.include_usage = include;
  request.continuous_usage = continuous;
  return base::ok();
}

Accepted<void> decide_length(const json& object, const BodyRules& rules, GenerateRequest& request) {
  TOKAMARK_TRY(auto asked, read_max_tokens(object, request.api, rules));
  TOKAMARK_TRY(auto most, allowed_output(request.prompt_tokens, asked, rules));
  TOKAMARK_TRY(auto ignore_eos, flag(object, "ignore_eos", false));
  TOKAMARK_TRY(auto min_tokens, integer(object, "min_tokens"));
  request.output_tokens = most;
  request.finish = FinishReason::length;
  if (ignore_eos) return base::ok();
  std::int64_t natural = GeneratedText(request.text_seed).natural_length();
  if (rules.min_tokens_known && min_tokens) natural = std::max(natural, *min_tokens);
  if (natural < most) {
    request.output_tokens = natural;
    request.finish = FinishReason::stop;
  }
  return base::ok();
}

}  // namespace

Accepted<GenerateRequest> parse_generate(std::string_view body, Api api, const BodyRules& rules) {
  TOKAMARK_TRY(auto object, parse_object(body));
  const bool chat = api == Api::chat;
  TOKAMARK_TRY_VOID(check_fields(object, chat ? rules.chat_fields : rules.completion_fields));
  TOKAMARK_TRY_VOID(check_model(object, rules));
  TOKAMARK_TRY(auto samples, integer(object, "n"));
  if (samples.value_or(1) != 1) return refused("The simulated engine gives one choice a request.");
  GenerateRequest request;
  request.api = api;
  TOKAMARK_TRY(auto prompt, (chat ? read_messages(object) : read_prompt(object)));
  request.prompt_tokens = std::max<std::int64_t>(1, static_cast<std::int64_t>(prompt.ids.size()));
  request.text_seed = prompt.seed;
  TOKAMARK_TRY_VOID(decide_length(object, rules, request));
  TOKAMARK_TRY(auto stream, flag(object, "stream", false));
  TOKAMARK_TRY(auto return_ids, flag(object, "return_token_ids", false));
  request.stream = stream;
  request.return_token_ids = return_ids;
  if (return_ids) request.prompt_ids = std::move(prompt.ids);
  TOKAMARK_TRY_VOID(read_stream_options(object, rules, request));
  return request;
}

Accepted<std::vector<std::int64_t>> parse_tokenize(std::string_view body) {
  TOKAMARK_TRY(auto object, parse_object(body));
  if (object.contains("messages")) {
    TOKAMARK_TRY(auto conversation, read_messages(object));
    return std::move(conversation.ids);
  }
  if (!object.contains("prompt") && object.contains("content")) {
    object["prompt"] = object["content"];
  }
  TOKAMARK_TRY(auto prompt, read_prompt(object));
  return std::move(prompt.ids);
}

}  // namespace tokamark::sim
