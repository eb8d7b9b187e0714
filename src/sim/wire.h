#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sim/dialect.h"

namespace tokamark::sim {

/// Appends one HTTP chunk: size in lower-case hexadecimal, CRLF, bytes, CRLF.
void append_chunk(std::string_view payload, std::string& out);

/// The event that ends an OpenAI stream, as its own HTTP chunk, and the last chunk. The event is
/// left out where the reply says so.
void append_done(const Reply& reply, std::string& out);

/// Whether this event holds the first token.
bool holds_first(const Token& token);

/// Whether the chat's role chunk comes with this event.
bool shows_role(const Token& token);

/// The completion tokens that usage tells, of those there were.
std::int64_t told_tokens(const Reply& reply, std::int64_t completion_tokens);

/// The type of an error of the engine's own, as the Python servers name it.
std::string_view failure_type(int status);

/// A JSON string with its quotes.
std::string json_string(std::string_view text);

/// "length" or "stop".
std::string_view finish_name(FinishReason reason);

/// `{"prompt_tokens":7,"total_tokens":9,"completion_tokens":2` without the closing brace: the order
/// that vLLM, SGLang and TensorRT-LLM share.
std::string usage_open(const Reply& reply, std::int64_t completion_tokens);

/// The finish reason of the token as JSON: null, or quoted on the last token.
std::string finish_json(const Reply& reply, const Token& token);

/// `[1,2,3]`.
std::string id_list(const std::vector<std::int64_t>& ids);

/// The Python server's head (uvicorn): status line, date, server, then the given headers, then
/// `connection: close` where asked, our mark, and the blank line.
std::string uvicorn_head(int status, std::string_view headers, std::string_view trailing,
                         const HeadContext& context);

/// A whole answer of the Python server; `headers` come after the content type.
std::string uvicorn_answer(const Answer& answer, std::string_view headers,
                           const HeadContext& context);

/// "200 OK" and the like, as both server families write it.
std::string_view status_text(int status);

/// How a metrics page writes whole numbers: Python's client as 3.0, llama.cpp as 3.
enum class NumberStyle { python, shortest };

/// One sample of a metrics page.
struct Sample {
  std::string_view name;
  std::string_view type;
  std::string_view help;
  double value = 0;
};
/// Appends the sample as Prometheus text with HELP and TYPE; `labels` have their braces, or are
/// empty.
void append_sample(const Sample& sample, std::string_view labels, NumberStyle style,
                   std::string& out);

/// A hexadecimal name of `digits` digits drawn from the serial number.
std::string hex_name(std::uint64_t serial, int digits);

}  // namespace tokamark::sim
