#include "sim/wire.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <iterator>
#include <nlohmann/json.hpp>

#include "base/rng.h"

namespace tokamark::sim {

void append_chunk(std::string_view payload, std::string& out) {
  fmt::format_to(std::back_inserter(out), "{:x}\r\n{}\r\n", payload.size(), payload);
}

void append_done(const Reply& reply, std::string& out) {
  if (reply.done_mark == DoneMark::sent) append_chunk("data: [DONE]\n\n", out);
  out += "0\r\n\r\n";
}

bool holds_first(const Token& token) {
  return token.index == static_cast<std::int64_t>(token.earlier_ids.size());
}

bool shows_role(const Token& token) {
  return token.role == RolePart::alone || (token.role == RolePart::as_engine && holds_first(token));
}

std::int64_t told_tokens(const Reply& reply, std::int64_t completion_tokens) {
  return std::llround(static_cast<double>(completion_tokens) * reply.usage_factor);
}

std::string_view failure_type(int status) {
  if (status == 429) return "RateLimitError";
  return status == 503 ? "ServiceUnavailableError" : "InternalServerError";
}

std::string json_string(std::string_view text) {
  // Bytes that are not UTF-8 become the replacement character instead of an exception.
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string_view finish_name(FinishReason reason) {
  return reason == FinishReason::length ? "length" : "stop";
}

std::string usage_open(const Reply& reply, std::int64_t completion_tokens) {
  const std::int64_t prompt = reply.request.prompt_tokens;
  const std::int64_t told = told_tokens(reply, completion_tokens);
  return fmt::format(R"({{"prompt_tokens":{},"total_tokens":{},"completion_tokens":{})", prompt,
                     prompt + told, told);
}

std::string finish_json(const Reply& reply, const Token& token) {
  return token.last ? fmt::format("\"{}\"", finish_name(reply.request.finish)) : "null";
}

std::string id_list(const std::vector<std::int64_t>& ids) {
  return fmt::format("[{}]", fmt::join(ids, ","));
}

std::string uvicorn_head(int status, std::string_view headers, std::string_view trailing,
                         const HeadContext& context) {
  return fmt::format("HTTP/1.1 {}\r\ndate: {}\r\nserver: uvicorn\r\n{}{}{}{}\r\n",
                     status_text(status), context.date, headers,
                     context.keep_alive == KeepAlive::no ? "connection: close\r\n" : "", trailing,
                     kSimulatedHeader);
}

std::string uvicorn_answer(const Answer& answer, std::string_view headers,
                           const HeadContext& context) {
  std::string lines = fmt::format("content-length: {}\r\n", answer.body.size());
  if (!answer.body.empty()) {
    lines += fmt::format("content-type: {}\r\n",
                         answer.content_type.empty() ? "application/json" : answer.content_type);
  }
  lines += headers;
  return uvicorn_head(answer.status, lines, "", context) + answer.body;
}

std::string_view status_text(int status) {
  switch (status) {
    case 200:
      return "200 OK";
    case 400:
      return "400 Bad Request";
    case 404:
      return "404 Not Found";
    case 405:
      return "405 Method Not Allowed";
    case 429:
      return "429 Too Many Requests";
    case 503:
      return "503 Service Unavailable";
    default:
      return "500 Internal Server Error";
  }
}

void append_sample(const Sample& sample, std::string_view labels, NumberStyle style,
                   std::string& out) {
  const std::string value = style == NumberStyle::python ? nlohmann::json(sample.value).dump()
                                                         : fmt::format("{}", sample.value);
  fmt::format_to(std::back_inserter(out), "# HELP {0} {1}\n# TYPE {0} {2}\n{0}{3} {4}\n",
                 sample.name, sample.help, sample.type, labels, value);
}

std::string hex_name(std::uint64_t serial, int digits) {
  base::Rng rng(serial);
  std::string name;
  while (static_cast<int>(name.size()) < digits) name += fmt::format("{:016x}", rng.next());
  name.resize(static_cast<std::size_t>(digits));
  return name;
}

}  // namespace tokamark::sim
