#include "sim/dialect_tensorrt_llm.h"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>

#include "sim/wire.h"

namespace tokamark::sim {
namespace {

constexpr std::string_view kVersion = "1.2.1";

/// Fields of both request schemas; any other is refused (pydantic extra="forbid").
constexpr std::array kCompletionFields =
    std::to_array<std::string_view>({"model",
                                     "prompt",
                                     "best_of",
                                     "echo",
                                     "frequency_penalty",
                                     "logit_bias",
                                     "logprobs",
                                     "max_tokens",
                                     "n",
                                     "presence_penalty",
                                     "seed",
                                     "stop",
                                     "stream",
                                     "stream_options",
                                     "suffix",
                                     "temperature",
                                     "top_p",
                                     "user",
                                     "use_beam_search",
                                     "top_k",
                                     "top_p_min",
                                     "min_p",
                                     "repetition_penalty",
                                     "length_penalty",
                                     "early_stopping",
                                     "stop_token_ids",
                                     "include_stop_str_in_output",
                                     "ignore_eos",
                                     "min_tokens",
                                     "skip_special_tokens",
                                     "spaces_between_special_tokens",
                                     "truncate_prompt_tokens",
                                     "return_context_logits",
                                     "detokenize",
                                     "add_special_tokens",
                                     "response_format",
                                     "priority"});
constexpr std::array kChatFields = std::to_array<std::string_view>({"model",
                                                                    "messages",
                                                                    "frequency_penalty",
                                                                    "logit_bias",
                                                                    "logprobs",
                                                                    "top_logprobs",
                                                                    "max_completion_tokens",
                                                                    "max_tokens",
                                                                    "n",
                                                                    "presence_penalty",
                                                                    "response_format",
                                                                    "seed",
                                                                    "stop",
                                                                    "stream",
                                                                    "stream_options",
                                                                    "temperature",
                                                                    "top_p",
                                                                    "tools",
                                                                    "tool_choice",
                                                                    "user",
                                                                    "reasoning_effort",
                                                                    "best_of",
                                                                    "use_beam_search",
                                                                    "top_k",
                                                                    "top_p_min",
                                                                    "min_p",
                                                                    "repetition_penalty",
                                                                    "length_penalty",
                                                                    "early_stopping",
                                                                    "stop_token_ids",
                                                                    "include_stop_str_in_output",
                                                                    "ignore_eos",
                                                                    "min_tokens",
                                                                    "skip_special_tokens",
                                                                    "spaces_between_special_tokens",
                                                                    "truncate_prompt_tokens",
                                                                    "echo",
                                                                    "add_generation_prompt",
                                                                    "add_special_tokens",
                                                                    "documents",
                                                                    "chat_template",
                                                                    "chat_template_kwargs",
                                                                    "priority"});

std::string chunk_open(const Reply& reply, const Token& token) {
  const bool chat = reply.request.api == Api::chat;
  return fmt::format(R"(data: {{"id":"{}","object":"{}","created":{},"model":{},"choices":[)",
                     reply.id, chat ? "chat.completion.chunk" : "text_completion", token.now_s,
                     json_string(reply.model));
}

std::string usage_json(const Reply& reply, std::int64_t tokens) {
  return fmt::format(R"({},"prompt_tokens_details":{{"cached_tokens":{}}}}})",
                     usage_open(reply, tokens), reply.cached_tokens);
}

bool continuous(const Reply& reply) {
  return reply.request.include_usage && reply.request.continuous_usage;
}

void append_chat_token(const Reply& reply, const Token& token, std::string& out) {
  const std::string open = chunk_open(reply, token);
  const auto usage = [&](std::int64_t tokens) {
    return continuous(reply) ? ",\"usage\":" + usage_json(reply, tokens) : std::string{};
  };
  if (shows_role(token)) {
    // The engine leaves a space between this event and its line end.
    append_chunk(fmt::format("{}{{\"index\":0,\"delta\":{{\"role\":\"assistant\"}}}}]{}}} \n\n",
                             open, usage(0)),
                 out);
  }
  if (token.role == RolePart::alone) return;
  const std::string finish =
      token.last ? fmt::format(R"("finish_reason":{},)", finish_json(reply, token)) : "";
  append_chunk(fmt::format(R"({}{{"index":0,"delta":{{"content":{},"reasoning_content":""}},)"
                           R"({}"avg_decoded_tokens_per_iter":1.0}}]{}}})"
                           "\n\n",
                           open, json_string(token.text), finish, usage(token.index + 1)),
               out);
}

void append_completion_token(const Reply& reply, const Token& token, std::string& out) {
  const std::string usage =
      continuous(reply) ? usage_json(reply, token.index + 1) : std::string("null");
  append_chunk(fmt::format(R"({}{{"index":0,"text":{},"token_ids":null,"logprobs":null,)"
                           R"("finish_reason":{},"stop_reason":null,)"
                           R"("avg_decoded_tokens_per_iter":1.0}}],"usage":{}}})"
                           "\n\n",
                           chunk_open(reply, token), json_string(token.text),
                           finish_json(reply, token), usage),
               out);
}

Answer json_answer(int status, std::string body) { return {status, {}, std::move(body)}; }

Answer error(int status, std::string_view message, std::string_view type) {
  return json_answer(
      status, fmt::format(R"({{"object":"error","message":{},"type":"{}","param":null,"code":{}}})",
                          json_string(message), type, status));
}

/// Python's way to write a JSON value, for the words and strings that requests hold.
std::string python_repr(const std::string& value) {
  if (value == "null") return "None";
  if (value == "true") return "True";
  if (value == "false") return "False";
  if (!value.empty() && value.front() == '"') {
    return fmt::format("'{}'", value.substr(1, value.size() - 2));
  }
  return value;
}

/// Validation errors are a list of Python dicts as one string.
Answer validation_error(std::string_view type, const Problem& problem, std::string_view message) {
  const std::string list =
      fmt::format("[{{'type': '{}', 'loc': ('body', '{}'), 'msg': '{}', 'input': {}}}]", type,
                  problem.field, message, python_repr(problem.detail));
  return json_answer(400, fmt::format(R"({{"error":{}}})", json_string(list)));
}

std::string problem_text(const Problem& problem) {
  switch (problem.kind) {
    case Problem::Kind::below_one:
      return fmt::format("{} must be positive, got {}", problem.field, problem.number);
    case Problem::Kind::wrong_model:
      return fmt::format("The model `{}` does not exist.", problem.detail);
    case Problem::Kind::prompt_too_long:
    case Problem::Kind::total_too_long:
      return fmt::format(
          "The sum of prompt length ({}) and max_tokens ({}) should not exceed "
          "max_seq_len ({})",
          problem.number, problem.asked, problem.limit);
    default:
      return problem.detail;
  }
}

std::string metrics_page(const ServerFacts& facts, const EngineCounters& c) {
  const std::string labels =
      fmt::format("{{engine_type=\"trtllm\",model_name={}}}", json_string(facts.served_model));
  const auto number = [](std::int64_t value) { return static_cast<double>(value); };
  const double kv = number(c.kv_tokens_held) / number(c.kv_capacity_tokens);
  std::string out;
  for (const Sample& sample : {
           Sample{"trtllm_num_requests_running", "gauge", "Number of running requests.",
                  number(c.running)},
           Sample{"trtllm_num_requests_waiting", "gauge", "Number of waiting requests.",
                  number(c.waiting)},
           Sample{"trtllm_kv_cache_utilization", "gauge", "KV cache utilization.", kv},
           Sample{"trtllm_num_paused_requests", "gauge", "Number of paused requests.", 0},
           Sample{"trtllm_prompt_tokens_total", "counter", "Number of prompt tokens.",
                  number(c.prompt_tokens)},
           Sample{"trtllm_prompt_cached_tokens_total", "counter", "Number of cached prompt tokens.",
                  number(c.cached_tokens)},
           Sample{"trtllm_generation_tokens_total", "counter", "Number of generated tokens.",
                  number(c.generation_tokens)},
       }) {
    append_sample(sample, labels, NumberStyle::python, out);
  }
  const Latencies& latencies = c.latencies;
  latencies.ttft.append("trtllm_time_to_first_token_seconds",
                        "Histogram of time to first token in seconds.", labels, out);
  latencies.tpot.append("trtllm_time_per_output_token_seconds",
                        "Histogram of time per output token in seconds.", labels, out);
  latencies.e2e.append("trtllm_e2e_request_latency_seconds",
                       "Histogram of end to end request latency in seconds.", labels, out);
  latencies.queue.append("trtllm_request_queue_time_seconds",
                         "Histogram of time spent in WAITING phase for request.", labels, out);
  return out;
}

}  // namespace

BodyRules TensorrtLlmDialect::body_rules() const {
  BodyRules rules;
  rules.include_usage_by_default = true;
  rules.stream_options_need_stream = true;
  rules.chat_fields = kChatFields;
  rules.completion_fields = kCompletionFields;
  return rules;
}

std::string TensorrtLlmDialect::response_id(Api api, std::uint64_t serial) const {
  return fmt::format("{}-{}", api == Api::chat ? "chatcmpl" : "cmpl", serial);
}

std::string TensorrtLlmDialect::stream_head(const HeadContext& context) const {
  return uvicorn_head(200, "content-type: text/event-stream; charset=utf-8\r\n",
                      "transfer-encoding: chunked\r\n", context);
}

std::string TensorrtLlmDialect::answer_bytes(const Answer& answer,
                                             const HeadContext& context) const {
  return uvicorn_answer(answer, "", context);
}

void TensorrtLlmDialect::append_token(const Reply& reply, const Token& token,
                                      std::string& out) const {
  if (reply.request.api == Api::chat) {
    append_chat_token(reply, token, out);
  } else {
    append_completion_token(reply, token, out);
  }
  if (!token.last) return;
  if (reply.request.include_usage) {
    append_chunk(fmt::format("{}],\"usage\":{}}}\n\n", chunk_open(reply, token),
                             usage_json(reply, token.index + 1)),
                 out);
  }
  append_done(reply, out);
}

std::string TensorrtLlmDialect::whole_body(const Reply& reply, const Token& last,
                                           std::string_view text) const {
  const bool chat = reply.request.api == Api::chat;
  const std::string content =
      chat ? fmt::format(R"("message":{{"role":"assistant","content":{},"reasoning_content":"",)"
                         R"("tool_calls":[]}},"logprobs":null)",
                         json_string(text))
           : fmt::format(R"("text":{},"token_ids":null,"logprobs":null)", json_string(text));
  return fmt::format(
      R"({{"id":"{}","object":"{}","created":{},"model":{},"choices":[{{"index":0,{},)"
      R"("finish_reason":"{}","stop_reason":null,"avg_decoded_tokens_per_iter":1.0}}],)"
      R"("usage":{}}})",
      reply.id, chat ? "chat.completion" : "text_completion", reply.created_s,
      json_string(reply.model), content, finish_name(reply.request.finish),
      usage_json(reply, last.index + 1));
}

Answer TensorrtLlmDialect::problem_answer(const Problem& problem, const ServerFacts&) const {
  switch (problem.kind) {
    case Problem::Kind::no_route:
      return json_answer(404, R"({"detail":"Not Found"})");
    case Problem::Kind::wrong_method:
      return json_answer(405, R"({"detail":"Method Not Allowed"})");
    case Problem::Kind::loading:
      return error(503, "LLM is unavailable", "ServiceUnavailable");
    case Problem::Kind::unknown_field:
      return validation_error("extra_forbidden", problem, "Extra inputs are not permitted");
    case Problem::Kind::bad_type:
      return validation_error("type_error", problem, "Input has the wrong type");
    case Problem::Kind::missing_field:
      return validation_error("missing", problem, "Field required");
    case Problem::Kind::bad_json: {
      Problem shown = problem;
      shown.field = fmt::format("{}", problem.number);
      shown.detail = "{}";
      return validation_error("json_invalid", shown, "JSON decode error");
    }
    case Problem::Kind::wrong_model:
      return error(404, problem_text(problem), "NotFoundError");
    default:
      return error(400, problem_text(problem), "BadRequestError");
  }
}

Answer TensorrtLlmDialect::failure_answer(int status, std::string_view message) const {
  return error(status, message, failure_type(status));
}

void TensorrtLlmDialect::append_failure(const Reply&, std::string_view, std::string&) const {
  // The generator's exception ends the connection: no event, no `[DONE]`, no last chunk.
}

std::string TensorrtLlmDialect::models_body(const ServerFacts& facts) const {
  return fmt::format(R"({{"object":"list","data":[{{"id":{},"object":"model","created":{},)"
                     R"("owned_by":"tensorrt_llm"}}]}})",
                     json_string(facts.served_model), facts.started_s);
}

std::string TensorrtLlmDialect::tokenize_body(const std::vector<std::int64_t>& ids,
                                              const ServerFacts&) const {
  return fmt::format(R"({{"tokens":{}}})", id_list(ids));
}

std::optional<Answer> TensorrtLlmDialect::own_route(std::string_view method, std::string_view path,
                                                    const ServerFacts& facts,
                                                    const EngineCounters& counters) const {
  if (method != "GET") return std::nullopt;
  if (path == "/health" || path == "/health_generate") return json_answer(200, "");
  if (path == "/version") {
    return json_answer(200, fmt::format(R"({{"version":"{}"}})", kVersion));
  }
  // With the Prometheus page on, the engine's own page stays empty: one queue feeds both.
  if (path == "/metrics") return json_answer(200, "[]");
  if (path == "/prometheus/metrics") {
    return Answer{200, "text/plain; version=0.0.4; charset=utf-8", metrics_page(facts, counters)};
  }
  return std::nullopt;
}

}  // namespace tokamark::sim
