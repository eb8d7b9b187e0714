#pragma once

#include <boost/outcome/basic_result.hpp>
#include <boost/outcome/policy/terminate.hpp>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tokamark::sim {

/// The two OpenAI routes that generate.
enum class Api { chat, completions };

enum class FinishReason { length, stop };

/// What a client asked for, after the dialect's defaults and limits.
struct GenerateRequest {
  Api api = Api::chat;
  std::int64_t prompt_tokens = 0;
  std::vector<std::int64_t> prompt_ids;  ///< kept only with `return_token_ids`
  std::uint64_t text_seed = 0;           ///< drawn from the prompt
  std::int64_t output_tokens = 0;        ///< how many will be generated
  FinishReason finish = FinishReason::length;
  bool stream = false;
  bool include_usage = false;
  bool continuous_usage = false;
  bool return_token_ids = false;
};

/// Why a request is refused; each dialect words it in its own way.
struct Problem {
  enum class Kind {
    bad_json,         ///< `detail`: the parser's message, `number`: byte offset of the error
    bad_type,         ///< `field`, `detail`: the value as JSON
    below_one,        ///< `field`, `number`: the value
    missing_field,    ///< `field`
    unknown_field,    ///< `field`, `detail`: the value as JSON
    wrong_model,      ///< `detail`: the name asked for
    prompt_too_long,  ///< `number`: prompt tokens, `limit`
    total_too_long,   ///< `number`: prompt tokens, `asked`: output tokens, `limit`
    refused,          ///< `detail`: a sentence
    no_route,
    wrong_method,
    loading,  ///< the start is not over
  };
  Kind kind = Kind::refused;
  std::string field;
  std::string detail;
  std::int64_t number = 0;
  std::int64_t asked = 0;
  std::int64_t limit = 0;
};

/// A value, or the reason to refuse the request.
template <typename T>
using Accepted = boost::outcome_v2::basic_result<T, Problem, boost::outcome_v2::policy::terminate>;

/// What to do when prompt plus max_tokens pass the context limit.
enum class Overflow { refuse, shorten };

/// The rules of one dialect for the body of a request.
struct BodyRules {
  std::string served_model;
  bool model_must_match = true;
  std::int64_t context_limit = 0;
  std::optional<std::int64_t> default_completion_tokens;  ///< max_tokens on /v1/completions
  Overflow overflow = Overflow::refuse;
  bool min_tokens_known = true;
  bool include_usage_by_default = false;    ///< once `stream_options` is there
  bool stream_options_need_stream = false;  ///< refused without `"stream": true`
  /// Field names accepted; empty = any.
  std::span<const std::string_view> chat_fields;
  std::span<const std::string_view> completion_fields;
};

/// Reads the body of POST /v1/chat/completions or /v1/completions. Pure.
Accepted<GenerateRequest> parse_generate(std::string_view body, Api api, const BodyRules& rules);

/// Reads the body of POST /tokenize: the ids of the words of `prompt` (or `content`, or the
/// messages with the chat template's tokens in front). Pure.
Accepted<std::vector<std::int64_t>> parse_tokenize(std::string_view body);

}  // namespace tokamark::sim
