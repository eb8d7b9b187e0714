#include "sim/dialect_vllm.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "sim/wire.h"

namespace tokamark::sim {
namespace {

constexpr std::string_view kVersion = "0.32.0";
constexpr std::string_view kFingerprint = "vllm-0.32.0-simulated";

std::string chunk_open(const Reply& reply) {
  const bool chat = reply.request.api == Api::chat;
  return fmt::format(R"(data: {{"id":"{}","object":"{}","created":{},"model":{},"choices":[)",
                     reply.id, chat ? "chat.completion.chunk" : "text_completion", reply.created_s,
                     json_string(reply.model));
}

/// The usage block that rides in every chunk with continuous_usage_stats, or nothing.
std::string continuous_usage(const Reply& reply, std::int64_t tokens) {
  if (!reply.request.include_usage || !reply.request.continuous_usage) return {};
  return ",\"usage\":" + usage_open(reply, tokens) + "}";
}

std::string prompt_ids_json(const Reply& reply, const Token& token) {
  const bool shown =
      reply.request.return_token_ids && (holds_first(token) || token.role == RolePart::alone);
  return shown ? id_list(reply.request.prompt_ids) : "null";
}

std::string token_ids_json(const Reply& reply, const Token& token) {
  if (!reply.request.return_token_ids) return "null";
  std::vector<std::int64_t> ids = token.earlier_ids;
  ids.push_back(token.id);
  return id_list(ids);
}

void append_chat_token(const Reply& reply, const Token& token, std::string& out) {
  if (shows_role(token)) {
    append_chunk(
        fmt::format(R"({}{{"index":0,"delta":{{"role":"assistant","content":""}},"logprobs":null,)"
                    R"("finish_reason":null}}]{},"prompt_token_ids":{},"prompt_text":null}})"
                    "\n\n",
                    chunk_open(reply), continuous_usage(reply, 0), prompt_ids_json(reply, token)),
        out);
  }
  if (token.role == RolePart::alone) return;
  append_chunk(
      fmt::format(R"({}{{"index":0,"delta":{{"content":{}}},"logprobs":null,"finish_reason":{},)"
                  R"({}"token_ids":{}}}]{}}})"
                  "\n\n",
                  chunk_open(reply), json_string(token.text), finish_json(reply, token),
                  token.last ? R"("stop_reason":null,)" : "", token_ids_json(reply, token),
                  continuous_usage(reply, token.index + 1)),
      out);
}

void append_completion_token(const Reply& reply, const Token& token, std::string& out) {
  append_chunk(fmt::format(R"({}{{"index":0,"text":{},"logprobs":null,"finish_reason":{},)"
                           R"("stop_reason":null,"prompt_token_ids":{},"token_ids":{}}}]{}}})"
                           "\n\n",
                           chunk_open(reply), json_string(token.text), finish_json(reply, token),
                           prompt_ids_json(reply, token), token_ids_json(reply, token),
                           continuous_usage(reply, token.index + 1)),
               out);
}

Answer json_answer(int status, std::string body) { return {status, {}, std::move(body)}; }

Answer error(int status, std::string_view message, std::string_view type, std::string_view param) {
  return json_answer(
      status,
      fmt::format(R"({{"error":{{"message":{},"type":"{}","param":{},"code":{}}}}})",
                  json_string(message), type, param.empty() ? "null" : json_string(param), status));
}

Answer validation_error(std::string_view type, std::string_view location, std::string_view message,
                        std::string_view input) {
  const std::string text =
      fmt::format("1 validation error:\n  {{'type': '{}', 'loc': '{}', 'msg': '{}', 'input': {}}}",
                  type, location, message, input);
  return error(400, text, "Bad Request", location);
}

Answer bad_type(const Problem& problem) {
  const std::string location = "body." + problem.field;
  const bool text = !problem.detail.empty() && problem.detail.front() == '"';
  if (!text) {
    return validation_error("type_error", location, "Input has the wrong type", problem.detail);
  }
  // Python shows a string in single quotes.
  const std::string input =
      fmt::format("'{}'", problem.detail.substr(1, problem.detail.size() - 2));
  return validation_error("int_parsing", location,
                          "Input should be a valid integer, unable to parse string as an integer",
                          input);
}

Answer length_error(const Problem& problem) {
  const std::string start =
      fmt::format("This model's maximum context length is {} tokens. However, ", problem.limit);
  const std::string end = fmt::format(" (parameter=input_tokens, value={})", problem.number);
  if (problem.kind == Problem::Kind::prompt_too_long) {
    return error(400,
                 fmt::format("{}your prompt contains {} input tokens, which exceeds this limit "
                             "even without any output tokens. Please reduce the length of the "
                             "input prompt.{}",
                             start, problem.number, end),
                 "BadRequestError", "input_tokens");
  }
  return error(
      400,
      fmt::format("{}you requested {} output tokens and your prompt contains {} input "
                  "tokens, for a total of {} tokens. Please reduce the length of the "
                  "input prompt or the number of requested output tokens.{}",
                  start, problem.asked, problem.number, problem.number + problem.asked, end),
      "BadRequestError", "input_tokens");
}

/// As with VLLM_SERVER_DEV_MODE=1, cut down to what the simulation knows.
std::string server_info(const ServerFacts& facts) {
  const EngineFacts& engine = facts.profile->engine;
  return fmt::format(R"({{"simulated":true,"version":"{}","vllm_config":{{"model":{},)"
                     R"("max_model_len":{},"max_num_seqs":{},"max_num_batched_tokens":{},)"
                     R"("kv_cache_tokens":{}}}}})",
                     kVersion, json_string(facts.served_model), facts.profile->context_limit,
                     engine.max_sequences, engine.tokens_per_step, engine.kv_capacity_tokens);
}

std::string metrics_page(const ServerFacts& facts, const EngineCounters& c) {
  const std::string labels =
      fmt::format("{{engine=\"0\",model_name={}}}", json_string(facts.served_model));
  const auto number = [](std::int64_t value) { return static_cast<double>(value); };
  const double kv = number(c.kv_tokens_held) / number(c.kv_capacity_tokens);
  std::string out;
  for (const Sample& sample : {
           Sample{"vllm:num_requests_running", "gauge",
                  "Number of requests in model execution batches.", number(c.running)},
           Sample{"vllm:num_requests_waiting", "gauge",
                  "Number of requests waiting to be processed.", number(c.waiting)},
           Sample{"vllm:kv_cache_usage_perc", "gauge", "KV-cache usage. 1 means 100 percent usage.",
                  kv},
           Sample{"vllm:num_preemptions_total", "counter",
                  "Cumulative number of preemption from the engine.", number(c.preemptions)},
           Sample{"vllm:prompt_tokens_total", "counter", "Number of prefill tokens processed.",
                  number(c.prompt_tokens)},
           Sample{"vllm:prompt_tokens_cached_total", "counter",
                  "Number of cached prompt tokens (local + external).", number(c.cached_tokens)},
           Sample{"vllm:prefix_cache_queries_total", "counter",
                  "Prefix cache queries, in terms of number of queried tokens.",
                  number(c.prompt_tokens)},
           Sample{"vllm:prefix_cache_hits_total", "counter",
                  "Prefix cache hits, in terms of number of cached tokens.",
                  number(c.cached_tokens)},
           Sample{"vllm:generation_tokens_total", "counter",
                  "Number of generation tokens processed.", number(c.generation_tokens)},
       }) {
    append_sample(sample, labels, NumberStyle::python, out);
  }
  const Latencies& latencies = c.latencies;
  latencies.ttft.append("vllm:time_to_first_token_seconds",
                        "Histogram of time to first token in seconds.", labels, out);
  latencies.itl.append("vllm:inter_token_latency_seconds",
                       "Histogram of inter-token latency in seconds.", labels, out);
  latencies.tpot.append("vllm:request_time_per_output_token_seconds",
                        "Histogram of time_per_output_token_seconds per request.", labels, out);
  latencies.e2e.append("vllm:e2e_request_latency_seconds",
                       "Histogram of e2e request latency in seconds.", labels, out);
  latencies.queue.append("vllm:request_queue_time_seconds",
                         "Histogram of time spent in WAITING phase for request.", labels, out);
  return out;
}

}  // namespace

BodyRules VllmDialect::body_rules() const {
  BodyRules rules;
  rules.default_completion_tokens = 16;
  rules.stream_options_need_stream = true;
  return rules;
}

std::string VllmDialect::response_id(Api api, std::uint64_t serial) const {
  return (api == Api::chat ? "chatcmpl-" : "cmpl-") + hex_name(serial, 16);
}

std::string VllmDialect::stream_head(const HeadContext& context) const {
  return uvicorn_head(200, "content-type: text/event-stream; charset=utf-8\r\nvary: Origin\r\n",
                      "transfer-encoding: chunked\r\n", context);
}

std::string VllmDialect::answer_bytes(const Answer& answer, const HeadContext& context) const {
  return uvicorn_answer(answer, "vary: Origin\r\n", context);
}

void VllmDialect::append_token(const Reply& reply, const Token& token, std::string& out) const {
  if (reply.request.api == Api::chat) {
    append_chat_token(reply, token, out);
  } else {
    append_completion_token(reply, token, out);
  }
  if (!token.last) return;
  if (reply.request.include_usage) {
    std::string usage = usage_open(reply, token.index + 1);
    if (cached_tokens_ == CachedTokenReport::reported) {
      usage +=
          fmt::format(R"(,"prompt_tokens_details":{{"cached_tokens":{}}})", reply.cached_tokens);
    }
    append_chunk(fmt::format(R"({}],"usage":{}}},"system_fingerprint":"{}"}})"
                             "\n\n",
                             chunk_open(reply), usage, kFingerprint),
                 out);
  }
  append_done(reply, out);
}

std::string VllmDialect::whole_body(const Reply& reply, const Token& last,
                                    std::string_view text) const {
  const bool chat = reply.request.api == Api::chat;
  const std::string details = cached_tokens_ == CachedTokenReport::reported
                                  ? fmt::format(R"({{"cached_tokens":{}}})", reply.cached_tokens)
                                  : "null";
  const std::string usage =
      fmt::format(R"({},"prompt_tokens_details":{},"completion_tokens_details":null}})",
                  usage_open(reply, last.index + 1), details);
  const std::string open = fmt::format(
      R"({{"id":"{}","object":"{}","created":{},"model":{},"choices":[{{"index":0,)", reply.id,
      chat ? "chat.completion" : "text_completion", reply.created_s, json_string(reply.model));
  const std::string finish =
      fmt::format(R"("logprobs":null,"finish_reason":"{}","stop_reason":null,"token_ids":null)",
                  finish_name(reply.request.finish));
  const std::string middle = fmt::format(
      R"("service_tier":null,"system_fingerprint":"{}","usage":{})", kFingerprint, usage);
  constexpr std::string_view kEnd =
      R"("kv_transfer_params":null,"ec_transfer_params":null,"metrics":null})";
  if (chat) {
    return fmt::format(
        R"({}"message":{{"role":"assistant","content":{},"refusal":null,"annotations":null,)"
        R"("audio":null,"function_call":null,"tool_calls":[],"reasoning":null}},{}}}],{},)"
        R"("prompt_logprobs":null,"prompt_token_ids":null,{})",
        open, json_string(text), finish, middle, kEnd);
  }
  return fmt::format(
      R"({}"text":{},{},"prompt_logprobs":null,"prompt_token_ids":null,"routed_experts":null}}],)"
      R"({},{})",
      open, json_string(text), finish, middle, kEnd);
}

Answer VllmDialect::problem_answer(const Problem& problem, const ServerFacts& facts) const {
  switch (problem.kind) {
    case Problem::Kind::bad_json: {
      const std::string location = fmt::format("body.{}", problem.number);
      return error(400,
                   fmt::format("1 validation error:\n  {{'type': 'json_invalid', 'loc': '{}', "
                               "'msg': 'JSON decode error', 'input': '<dict of 0 items>', 'ctx': "
                               "{{'error': 'Expecting value'}}}}",
                               location),
                   "Bad Request", location);
    }
    case Problem::Kind::bad_type:
      return bad_type(problem);
    case Problem::Kind::below_one:
      return error(400,
                   fmt::format("{0} must be at least 1, got {1}. (parameter={0}, value={1})",
                               problem.field, problem.number),
                   "BadRequestError", problem.field);
    case Problem::Kind::missing_field:
      return validation_error("missing", "body." + problem.field, "Field required",
                              "'<dict of 0 items>'");
    case Problem::Kind::wrong_model:
      return error(404,
                   fmt::format("The model `{}` does not exist. Valid aliases: {}.", problem.detail,
                               facts.served_model),
                   "NotFoundError", "model");
    case Problem::Kind::prompt_too_long:
    case Problem::Kind::total_too_long:
      return length_error(problem);
    case Problem::Kind::no_route:
      return json_answer(404, R"({"detail":"Not Found"})");
    case Problem::Kind::wrong_method:
      return json_answer(405, R"({"detail":"Method Not Allowed"})");
    case Problem::Kind::loading:
      return error(503, "Loading model", "ServiceUnavailable", "");
    case Problem::Kind::unknown_field:
    case Problem::Kind::refused:
      break;
  }
  return error(400, problem.detail, "BadRequestError", "");
}

Answer VllmDialect::failure_answer(int status, std::string_view message) const {
  return error(status, message, failure_type(status), "");
}

void VllmDialect::append_failure(const Reply& reply, std::string_view message,
                                 std::string& out) const {
  append_chunk("data: " + failure_answer(500, message).body + "\n\n", out);
  append_done(reply, out);
}

std::string VllmDialect::models_body(const ServerFacts& facts) const {
  const std::string name = json_string(facts.served_model);
  return fmt::format(
      R"({{"object":"list","data":[{{"id":{0},"object":"model","created":{1},"owned_by":"vllm",)"
      R"("root":{0},"parent":null,"max_model_len":{2},"permission":[{{"id":"modelperm-{3}",)"
      R"("object":"model_permission","created":{1},"allow_create_engine":false,)"
      R"("allow_sampling":true,"allow_logprobs":true,"allow_search_indices":false,)"
      R"("allow_view":true,"allow_fine_tuning":false,"organization":"*","group":null,)"
      R"("is_blocking":false}}]}}]}})",
      name, facts.started_s, facts.profile->context_limit, hex_name(0, 16));
}

std::string VllmDialect::tokenize_body(const std::vector<std::int64_t>& ids,
                                       const ServerFacts& facts) const {
  return fmt::format(R"({{"count":{},"max_model_len":{},"tokens":{},"token_strs":null}})",
                     ids.size(), facts.profile->context_limit, id_list(ids));
}

std::optional<Answer> VllmDialect::own_route(std::string_view method, std::string_view path,
                                             const ServerFacts& facts,
                                             const EngineCounters& counters) const {
  if (method == "GET" && path == "/health") return json_answer(200, "");
  if (method == "GET" && path == "/version") {
    return json_answer(200, fmt::format(R"({{"version":"{}"}})", kVersion));
  }
  if (method == "GET" && path == "/load") {
    return json_answer(200,
                       fmt::format(R"({{"server_load":{}}})", counters.running + counters.waiting));
  }
  if (method == "GET" && path == "/server_info") return json_answer(200, server_info(facts));
  if (method == "POST" && path == "/reset_prefix_cache") {
    return json_answer(200, R"({"success":true})");
  }
  if (method == "GET" && path == "/metrics") {
    return Answer{200, "text/plain; version=1.0.0; charset=utf-8", metrics_page(facts, counters)};
  }
  return std::nullopt;
}

}  // namespace tokamark::sim
