#include "sim/dialect_sglang.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "sim/wire.h"

namespace tokamark::sim {
namespace {

constexpr std::string_view kVersion = "0.5.13";
constexpr int kEndOfTurn = 200'008;  ///< Llama 4's <|eot|>, reported as the token that stopped

std::string chunk_open(const Reply& reply, const Token& token) {
  const bool chat = reply.request.api == Api::chat;
  // `created` is taken anew for every chat chunk.
  return fmt::format(R"(data: {{"id":"{}","object":"{}","created":{},"model":{},"choices":[)",
                     reply.id, chat ? "chat.completion.chunk" : "text_completion",
                     chat ? token.now_s : reply.created_s, json_string(reply.model));
}

std::string details_json(const Reply& reply, CachedTokenReport report) {
  const bool shown = report == CachedTokenReport::reported && reply.cached_tokens > 0;
  return shown ? fmt::format(R"({{"cached_tokens":{}}})", reply.cached_tokens) : "null";
}

/// A usage block with every field, nulls included.
std::string full_usage(const Reply& reply, std::int64_t tokens, CachedTokenReport report) {
  return fmt::format(R"({},"prompt_tokens_details":{},"reasoning_tokens":0}})",
                     usage_open(reply, tokens), details_json(reply, report));
}

std::string matched_stop(const Reply& reply, const Token& token) {
  const bool stopped = token.last && reply.request.finish == FinishReason::stop;
  return stopped ? fmt::format("{}", kEndOfTurn) : "null";
}

void append_chat_token(const Reply& reply, const Token& token, CachedTokenReport report,
                       std::string& out) {
  const std::string open = chunk_open(reply, token);
  const auto usage = [&](std::int64_t tokens) {
    return reply.request.continuous_usage ? ",\"usage\":" + full_usage(reply, tokens, report)
                                          : std::string{};
  };
  const auto delta = [&](std::string_view fields, std::int64_t tokens) {
    append_chunk(fmt::format(R"({}{{"index":0,"delta":{{"reasoning_content":null{}}},)"
                             R"("logprobs":null,"finish_reason":null,"matched_stop":null}}]{}}})"
                             "\n\n",
                             open, fields, usage(tokens)),
                 out);
  };
  if (shows_role(token)) delta(R"(,"role":"assistant","content":"")", 0);
  if (token.role == RolePart::alone) return;
  delta(R"(,"content":)" + json_string(token.text), token.index + 1);
  if (!token.last) return;
  append_chunk(fmt::format(R"({}{{"index":0,"delta":{{"reasoning_content":null}},"logprobs":null,)"
                           R"("finish_reason":{},"matched_stop":{}}}]{}}})"
                           "\n\n",
                           open, finish_json(reply, token), matched_stop(reply, token),
                           usage(token.index + 1)),
               out);
}

void append_completion_token(const Reply& reply, const Token& token, CachedTokenReport report,
                             std::string& out) {
  const std::string usage = reply.request.continuous_usage
                                ? full_usage(reply, token.index + 1, report)
                                : std::string("null");
  append_chunk(fmt::format(R"({}{{"index":0,"text":{},"logprobs":null,"finish_reason":{},)"
                           R"("matched_stop":{}}}],"usage":{}}})"
                           "\n\n",
                           chunk_open(reply, token), json_string(token.text),
                           finish_json(reply, token), matched_stop(reply, token), usage),
               out);
}

/// The usage of the last chunk: chat dumps every field, completions leave nulls out.
std::string final_usage(const Reply& reply, std::int64_t tokens, CachedTokenReport report) {
  if (reply.request.api == Api::chat) return full_usage(reply, tokens, report);
  const std::string details = details_json(reply, report);
  const std::string shown =
      details == "null" ? std::string{} : R"(,"prompt_tokens_details":)" + details;
  return usage_open(reply, tokens) + shown + R"(,"reasoning_tokens":0})";
}

Answer json_answer(int status, std::string body) { return {status, {}, std::move(body)}; }

Answer error(int status, std::string_view message, std::string_view type) {
  return json_answer(
      status, fmt::format(R"({{"object":"error","message":{},"type":"{}","param":null,"code":{}}})",
                          json_string(message), type, status));
}

std::string problem_text(const Problem& problem) {
  switch (problem.kind) {
    case Problem::Kind::bad_json:
      return "Invalid JSON: " + problem.detail;
    case Problem::Kind::bad_type:
      return fmt::format("Invalid value for {}: {}", problem.field, problem.detail);
    case Problem::Kind::below_one:
      return fmt::format("{} must be positive", problem.field);
    case Problem::Kind::missing_field:
      return fmt::format("Field required: {}", problem.field);
    case Problem::Kind::wrong_model:
      return fmt::format("The model '{}' does not exist", problem.detail);
    case Problem::Kind::prompt_too_long:
      return fmt::format(
          "The input ({} tokens) is longer than the model's context length ({} tokens).",
          problem.number, problem.limit);
    case Problem::Kind::total_too_long:
      return fmt::format(
          "Requested token count exceeds the model's maximum context length of {} "
          "tokens. You requested a total of {} tokens: {} tokens from the input "
          "messages and {} tokens for the completion.",
          problem.limit, problem.number + problem.asked, problem.number, problem.asked);
    default:
      return problem.detail;
  }
}

std::string metrics_page(const ServerFacts& facts, const EngineCounters& c) {
  const std::string labels = fmt::format("{{model_name={}}}", json_string(facts.served_model));
  const auto number = [](std::int64_t value) { return static_cast<double>(value); };
  const double kv = number(c.kv_tokens_held) / number(c.kv_capacity_tokens);
  std::string out;
  for (const Sample& sample : {
           Sample{"sglang:num_running_reqs", "gauge", "The number of running requests.",
                  number(c.running)},
           Sample{"sglang:num_queue_reqs", "gauge", "The number of requests in the waiting queue.",
                  number(c.waiting)},
           Sample{"sglang:num_used_tokens", "gauge", "The number of used tokens.",
                  number(c.kv_tokens_held)},
           Sample{"sglang:token_usage", "gauge", "The token usage.", kv},
           Sample{"sglang:max_total_num_tokens", "gauge", "Maximum total number of tokens.",
                  number(c.kv_capacity_tokens)},
           Sample{"sglang:prompt_tokens_total", "counter", "Number of prefill tokens processed.",
                  number(c.prompt_tokens)},
           Sample{"sglang:generation_tokens_total", "counter",
                  "Number of generation tokens processed.", number(c.generation_tokens)},
           Sample{"sglang:cached_tokens_total", "counter", "Number of cached prompt tokens.",
                  number(c.cached_tokens)},
           Sample{"sglang:num_requests_total", "counter", "Number of requests processed.",
                  number(c.finished_requests)},
           Sample{"sglang:num_retracted_requests_total", "counter",
                  "Total number of retracted requests.", number(c.preemptions)},
       }) {
    append_sample(sample, labels, NumberStyle::python, out);
  }
  const Latencies& latencies = c.latencies;
  latencies.ttft.append("sglang:time_to_first_token_seconds",
                        "Histogram of time to first token in seconds.", labels, out);
  latencies.itl.append("sglang:inter_token_latency_seconds",
                       "Histogram of inter-token latency in seconds.", labels, out);
  latencies.e2e.append("sglang:e2e_request_latency_seconds",
                       "Histogram of End-to-end request latency in seconds", labels, out);
  latencies.queue.append("sglang:queue_time_seconds", "Histogram of queueing time in seconds.",
                         labels, out);
  return out;
}

}  // namespace

BodyRules SglangDialect::body_rules() const {
  BodyRules rules;
  rules.default_completion_tokens = 16;
  return rules;
}

std::string SglangDialect::response_id(Api, std::uint64_t serial) const {
  return hex_name(serial, 32);
}

std::string SglangDialect::stream_head(const HeadContext& context) const {
  return uvicorn_head(200, "content-type: text/event-stream; charset=utf-8\r\n",
                      "transfer-encoding: chunked\r\n", context);
}

std::string SglangDialect::answer_bytes(const Answer& answer, const HeadContext& context) const {
  return uvicorn_answer(answer, "", context);
}

void SglangDialect::append_token(const Reply& reply, const Token& token, std::string& out) const {
  if (reply.request.api == Api::chat) {
    append_chat_token(reply, token, cached_tokens_, out);
  } else {
    append_completion_token(reply, token, cached_tokens_, out);
  }
  if (!token.last) return;
  if (reply.request.include_usage) {
    append_chunk(fmt::format("{}],\"usage\":{}}}\n\n", chunk_open(reply, token),
                             final_usage(reply, token.index + 1, cached_tokens_)),
                 out);
  }
  append_done(reply, out);
}

std::string SglangDialect::whole_body(const Reply& reply, const Token& last,
                                      std::string_view text) const {
  const bool chat = reply.request.api == Api::chat;
  const std::string content =
      chat ? fmt::format(R"("message":{{"role":"assistant","content":{},"reasoning_content":null,)"
                         R"("tool_calls":null}})",
                         json_string(text))
           : fmt::format(R"("text":{})", json_string(text));
  return fmt::format(
      R"({{"id":"{}","object":"{}","created":{},"model":{},"choices":[{{"index":0,{},)"
      R"("logprobs":null,"finish_reason":"{}","matched_stop":{}}}],"usage":{},)"
      R"("metadata":{{"weight_version":"default"}}}})",
      reply.id, chat ? "chat.completion" : "text_completion", reply.created_s,
      json_string(reply.model), content, finish_name(reply.request.finish),
      matched_stop(reply, last), full_usage(reply, last.index + 1, cached_tokens_));
}

Answer SglangDialect::problem_answer(const Problem& problem, const ServerFacts&) const {
  switch (problem.kind) {
    case Problem::Kind::no_route:
      return json_answer(404, R"({"detail":"Not Found"})");
    case Problem::Kind::wrong_method:
      return json_answer(405, R"({"detail":"Method Not Allowed"})");
    case Problem::Kind::loading:
      return {503, "text/plain; charset=utf-8", ""};
    case Problem::Kind::wrong_model:
      return error(404, problem_text(problem), "NotFoundError");
    default:
      return error(400, problem_text(problem), "BadRequestError");
  }
}

Answer SglangDialect::failure_answer(int status, std::string_view message) const {
  return error(status, message, failure_type(status));
}

void SglangDialect::append_failure(const Reply& reply, std::string_view message,
                                   std::string& out) const {
  const Answer flat = error(500, message, "INTERNAL_SERVER_ERROR");
  append_chunk(fmt::format("data: {{\"error\":{}}}\n\n", flat.body), out);
  append_done(reply, out);
}

std::string SglangDialect::models_body(const ServerFacts& facts) const {
  const std::string name = json_string(facts.served_model);
  return fmt::format(R"({{"object":"list","data":[{{"id":{0},"object":"model","created":{1},)"
                     R"("owned_by":"sglang","root":{0},"parent":null,"max_model_len":{2}}}]}})",
                     name, facts.started_s, facts.profile->context_limit);
}

std::string SglangDialect::tokenize_body(const std::vector<std::int64_t>& ids,
                                         const ServerFacts& facts) const {
  return fmt::format(R"({{"tokens":{},"count":{},"max_model_len":{}}})", id_list(ids), ids.size(),
                     facts.profile->context_limit);
}

std::optional<Answer> SglangDialect::own_route(std::string_view method, std::string_view path,
                                               const ServerFacts& facts,
                                               const EngineCounters& counters) const {
  if (method == "GET" && (path == "/health" || path == "/health_generate")) {
    return json_answer(200, "");
  }
  if (method == "GET" && path == "/model_info") {
    return json_answer(200, fmt::format(R"({{"model_path":{},"is_generation":true}})",
                                        json_string(facts.served_model)));
  }
  if (method == "GET" && path == "/server_info") {
    const EngineFacts& engine = facts.profile->engine;
    return json_answer(
        200, fmt::format(R"({{"model_path":{0},"served_model_name":{0},"context_length":{1},)"
                         R"("max_running_requests":{2},"chunked_prefill_size":{3},)"
                         R"("max_total_num_tokens":{4},"simulated":true,"version":"{5}"}})",
                         json_string(facts.served_model), facts.profile->context_limit,
                         engine.max_sequences, engine.tokens_per_step, engine.kv_capacity_tokens,
                         kVersion));
  }
  if (path == "/flush_cache" && (method == "POST" || method == "GET")) {
    const bool busy = counters.running + counters.waiting > 0;
    return Answer{
        busy ? 400 : 200, "text/plain; charset=utf-8",
        busy ? "Flush cache failed: requests are running or waiting.\n" : "Cache flushed.\n"};
  }
  if (method == "GET" && path == "/metrics") {
    return Answer{200, "text/plain; version=0.0.4; charset=utf-8", metrics_page(facts, counters)};
  }
  return std::nullopt;
}

}  // namespace tokamark::sim
