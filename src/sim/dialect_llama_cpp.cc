#include "sim/dialect_llama_cpp.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "sim/wire.h"

namespace tokamark::sim {
namespace {

constexpr std::string_view kBuild = "b11434-simulated";

std::string number(double value) { return nlohmann::json(value).dump(); }

std::string chat_open(std::string_view choices) {
  return fmt::format(R"(data: {{"choices":[{}])", choices);
}

std::string chat_close(const Reply& reply, const Token& token) {
  return fmt::format(R"(,"created":{},"id":"{}","model":{},"system_fingerprint":"{}",)"
                     R"("object":"chat.completion.chunk")",
                     token.now_s, reply.id, json_string(reply.model), kBuild);
}

std::string usage_json(const Reply& reply, const Token& last) {
  const std::int64_t prompt = reply.request.prompt_tokens;
  const std::int64_t completion = told_tokens(reply, last.index + 1);
  return fmt::format(R"({{"completion_tokens":{},"prompt_tokens":{},"total_tokens":{},)"
                     R"("prompt_tokens_details":{{"cached_tokens":{}}}}})",
                     completion, prompt, prompt + completion, reply.cached_tokens);
}

/// The engine's own clock readings; the rate of a single token is not defined and shown as 0.
std::string timings_json(const Reply& reply, const Token& last) {
  constexpr double kLeastMs = 0.001;
  const std::int64_t prompt = reply.request.prompt_tokens - reply.cached_tokens;
  const double prompt_ms = std::max(kLeastMs, base::to_ms(last.prompt_time));
  const double predicted_ms = std::max(kLeastMs, base::to_ms(last.predicted_time));
  const auto gaps = static_cast<double>(last.index);
  const auto tokens = static_cast<double>(prompt);
  return fmt::format(
      R"({{"cache_n":{},"prompt_n":{},"prompt_ms":{},"prompt_per_token_ms":{},)"
      R"("prompt_per_second":{},"predicted_n":{},"predicted_ms":{},"predicted_per_token_ms":{},)"
      R"("predicted_per_second":{}}})",
      reply.cached_tokens, prompt, number(prompt_ms), number(prompt_ms / tokens),
      number(1e3 / prompt_ms * tokens), last.index + 1, number(predicted_ms),
      number(last.index == 0 ? 0.0 : predicted_ms / gaps),
      number(last.index == 0 ? 0.0 : 1e3 / predicted_ms * gaps));
}

void append_chat_token(const Reply& reply, const Token& token, std::string& out) {
  const std::string close = chat_close(reply, token);
  std::string events;
  if (shows_role(token)) {
    // The role event shares one HTTP chunk with the first content event.
    events = chat_open(R"({"finish_reason":null,"index":0,"delta":{"role":"assistant",)"
                       R"("content":null}})") +
             close + "}\n\n";
  }
  if (token.role == RolePart::alone) {
    append_chunk(events, out);
    return;
  }
  events += chat_open(fmt::format(R"({{"finish_reason":null,"index":0,"delta":{{"content":{}}}}})",
                                  json_string(token.text))) +
            close + "}\n\n";
  append_chunk(events, out);
  if (!token.last) return;
  events = chat_open(fmt::format(R"({{"finish_reason":{},"index":0,"delta":{{}}}})",
                                 finish_json(reply, token))) +
           close;
  const std::string timings = ",\"timings\":" + timings_json(reply, token);
  if (reply.request.include_usage) {
    events += "}\n\n" + chat_open("") + close + ",\"usage\":" + usage_json(reply, token);
  }
  append_chunk(events + timings + "}\n\n", out);
}

std::string completion_close(const Reply& reply, const Token& token) {
  return fmt::format(R"(,"created":{},"model":{},"system_fingerprint":"{}",)"
                     R"("object":"text_completion")",
                     token.now_s, json_string(reply.model), kBuild);
}

void append_completion_token(const Reply& reply, const Token& token, std::string& out) {
  const std::string close = completion_close(reply, token);
  const auto open = [](std::string_view text, std::string_view finish) {
    return fmt::format(R"(data: {{"choices":[{{"text":{},"index":0,"logprobs":null,)"
                       R"("finish_reason":{}}}])",
                       json_string(text), finish);
  };
  append_chunk(fmt::format("{}{},\"id\":\"{}\"}}\n\n", open(token.text, "null"), close, reply.id),
               out);
  if (!token.last) return;
  append_chunk(fmt::format("{}{},\"usage\":{},\"id\":\"{}\",\"timings\":{}}}\n\n",
                           open("", finish_json(reply, token)), close, usage_json(reply, token),
                           reply.id, timings_json(reply, token)),
               out);
}

Answer json_answer(int status, std::string body) { return {status, {}, std::move(body)}; }

/// Request errors have `code` first; the server's own answers have `message` first.
Answer request_error(std::string_view message) {
  return json_answer(
      400, fmt::format(R"({{"error":{{"code":400,"message":{},"type":"invalid_request_error"}}}})",
                       json_string(message)));
}

Answer server_error(int status, std::string_view message, std::string_view type) {
  return json_answer(status, fmt::format(R"({{"error":{{"message":{},"type":"{}","code":{}}}}})",
                                         json_string(message), type, status));
}

/// One slot a sequence of the batch; the first ones are busy.
std::string slots_body(const ServerFacts& facts, const EngineCounters& counters) {
  std::string slots;
  for (std::int64_t id = 0; id < facts.profile->engine.max_sequences; ++id) {
    slots +=
        fmt::format(R"({}{{"id":{},"n_ctx":{},"speculative":false,"is_processing":{}}})",
                    id == 0 ? "" : ",", id, facts.profile->context_limit, id < counters.running);
  }
  return fmt::format("[{}]", slots);
}

/// POST /slots/N?action=erase. There is no prompt cache, so nothing is erased.
std::optional<Answer> erase_slot(std::string_view path, const ServerFacts& facts) {
  constexpr std::string_view kPrefix = "/slots/";
  if (path.substr(0, kPrefix.size()) != kPrefix) return std::nullopt;
  path.remove_prefix(kPrefix.size());
  std::int64_t id = -1;
  const auto read = std::from_chars(path.data(), path.data() + path.size(), id);
  const bool known = read.ec == std::errc{} && read.ptr == path.data() + path.size() && id >= 0 &&
                     id < facts.profile->engine.max_sequences;
  if (!known) return request_error("Invalid slot ID");
  return json_answer(200, fmt::format(R"({{"id_slot":{},"n_erased":0}})", id));
}

std::string metrics_page(const EngineCounters& c) {
  const auto as_number = [](std::int64_t value) { return static_cast<double>(value); };
  std::string out;
  for (const Sample& sample : {
           Sample{"llamacpp:prompt_tokens_total", "counter",
                  "Number of prompt tokens processed, excluding cached tokens",
                  as_number(c.prompt_tokens - c.cached_tokens)},
           Sample{"llamacpp:prompt_tokens_cached_total", "counter",
                  "Number of prompt tokens reused from the cache", as_number(c.cached_tokens)},
           Sample{"llamacpp:tokens_predicted_total", "counter",
                  "Number of generation tokens processed", as_number(c.generation_tokens)},
           Sample{"llamacpp:n_decode_total", "counter",
                  "Total number of llama_decode() calls, excluding speculative decoding and "
                  "multimodal decoding",
                  as_number(c.steps)},
           Sample{"llamacpp:requests_processing", "gauge", "Number of requests processing",
                  as_number(c.running)},
           Sample{"llamacpp:requests_deferred", "gauge", "Number of requests deferred",
                  as_number(c.waiting)},
       }) {
    append_sample(sample, "", NumberStyle::shortest, out);
  }
  return out;
}

}  // namespace

BodyRules LlamaCppDialect::body_rules() const {
  BodyRules rules;
  rules.model_must_match = false;
  rules.overflow = Overflow::shorten;
  rules.min_tokens_known = false;
  return rules;
}

std::string LlamaCppDialect::response_id(Api, std::uint64_t serial) const {
  return "chatcmpl-" + hex_name(serial, 32);
}

std::string LlamaCppDialect::stream_head(const HeadContext& context) const {
  return fmt::format(
      "HTTP/1.1 200 OK\r\nServer: llama.cpp\r\nAccess-Control-Allow-Origin: \r\n"
      "X-Accel-Buffering: no\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n"
      "{}{}\r\n",
      context.keep_alive == KeepAlive::no ? "Connection: close\r\n"
                                          : "Keep-Alive: timeout=5, max=100\r\n",
      kSimulatedHeader);
}

std::string LlamaCppDialect::answer_bytes(const Answer& answer, const HeadContext& context) const {
  return fmt::format(
      "HTTP/1.1 {}\r\nServer: llama.cpp\r\nAccess-Control-Allow-Origin: \r\nContent-Type: {}\r\n"
      "Content-Length: {}\r\n{}{}\r\n{}",
      status_text(answer.status),
      answer.content_type.empty() ? "application/json; charset=utf-8" : answer.content_type,
      answer.body.size(),
      context.keep_alive == KeepAlive::no ? "Connection: close\r\n"
                                          : "Keep-Alive: timeout=5, max=100\r\n",
      kSimulatedHeader, answer.body);
}

void LlamaCppDialect::append_token(const Reply& reply, const Token& token, std::string& out) const {
  if (reply.request.api == Api::chat) {
    append_chat_token(reply, token, out);
  } else {
    append_completion_token(reply, token, out);
  }
  if (token.last) append_done(reply, out);
}

std::string LlamaCppDialect::whole_body(const Reply& reply, const Token& last,
                                        std::string_view text) const {
  const std::string finish = fmt::format("\"{}\"", finish_name(reply.request.finish));
  const bool chat = reply.request.api == Api::chat;
  const std::string choice =
      chat ? fmt::format(R"({{"finish_reason":{},"index":0,"message":{{"role":"assistant",)"
                         R"("content":{}}}}})",
                         finish, json_string(text))
           : fmt::format(R"({{"text":{},"index":0,"logprobs":null,"finish_reason":{}}})",
                         json_string(text), finish);
  return fmt::format(
      R"({{"choices":[{}],"created":{},"model":{},"system_fingerprint":"{}","object":"{}",)"
      R"("usage":{},"id":"{}","timings":{}}})",
      choice, last.now_s, json_string(reply.model), kBuild,
      chat ? "chat.completion" : "text_completion", usage_json(reply, last), reply.id,
      timings_json(reply, last));
}

Answer LlamaCppDialect::problem_answer(const Problem& problem, const ServerFacts&) const {
  switch (problem.kind) {
    case Problem::Kind::bad_json:
    case Problem::Kind::refused:
      return request_error(problem.detail);
    case Problem::Kind::prompt_too_long:
      return json_answer(
          400, fmt::format(R"({{"error":{{"code":400,"message":"request ({0} tokens) exceeds the )"
                           R"(available context size ({1} tokens), try increasing it",)"
                           R"("type":"exceed_context_size_error","n_prompt_tokens":{0},)"
                           R"("n_ctx":{1}}}}})",
                           problem.number, problem.limit));
    case Problem::Kind::bad_type:
      return request_error(
          fmt::format("invalid value for \"{}\": {}", problem.field, problem.detail));
    case Problem::Kind::below_one:
      return request_error(
          fmt::format("\"{}\" must be at least 1, got {}", problem.field, problem.number));
    case Problem::Kind::missing_field:
      return request_error(fmt::format("\"{}\" is required", problem.field));
    case Problem::Kind::loading:
      return server_error(503, "Loading model", "unavailable_error");
    default:
      return server_error(404, "File Not Found", "not_found_error");
  }
}

Answer LlamaCppDialect::failure_answer(int status, std::string_view message) const {
  return server_error(status, message, "server_error");
}

void LlamaCppDialect::append_failure(const Reply&, std::string_view message,
                                     std::string& out) const {
  append_chunk("data: " + failure_answer(500, message).body + "\n\n", out);
  out += "0\r\n\r\n";  // an error is not followed by `[DONE]`
}

std::string LlamaCppDialect::models_body(const ServerFacts& facts) const {
  const std::string name = json_string(facts.served_model);
  return fmt::format(
      R"({{"models":[{{"name":{0},"model":{0},"modified_at":"","size":"","digest":"",)"
      R"("type":"model","description":"","tags":[""],"capabilities":["completion"],)"
      R"("parameters":"","details":{{"parent_model":"","format":"gguf","family":"",)"
      R"("families":[""],"parameter_size":"","quantization_level":""}}}}],"object":"list",)"
      R"("data":[{{"id":{0},"aliases":[{0}],"tags":[],"object":"model","architecture":)"
      R"({{"input_modalities":["text"],"output_modalities":["text"]}},"created":{1},)"
      R"("owned_by":"llamacpp","meta":{{"n_ctx":{2}}}}}]}})",
      name, facts.started_s, facts.profile->context_limit);
}

std::string LlamaCppDialect::tokenize_body(const std::vector<std::int64_t>& ids,
                                           const ServerFacts&) const {
  return fmt::format(R"({{"tokens":{}}})", id_list(ids));
}

std::optional<Answer> LlamaCppDialect::own_route(std::string_view method, std::string_view path,
                                                 const ServerFacts& facts,
                                                 const EngineCounters& counters) const {
  if (method == "POST") return erase_slot(path, facts);
  if (method != "GET") return std::nullopt;
  if (path == "/slots") return json_answer(200, slots_body(facts, counters));
  if (path == "/health") return json_answer(200, R"({"status":"ok"})");
  if (path == "/props") {
    return json_answer(
        200, fmt::format(R"({{"default_generation_settings":{{"n_ctx":{}}},"total_slots":{},)"
                         R"("model_alias":{},"model_path":{},"build_info":"{}",)"
                         R"("simulated":true}})",
                         facts.profile->context_limit, facts.profile->engine.max_sequences,
                         json_string(facts.served_model), json_string(facts.served_model), kBuild));
  }
  if (path == "/metrics") {
    return Answer{200, "text/plain; version=0.0.4", metrics_page(counters)};
  }
  return std::nullopt;
}

}  // namespace tokamark::sim
