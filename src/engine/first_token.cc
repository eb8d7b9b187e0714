#include "engine/first_token.h"

#include <fmt/format.h>

namespace tokamark::engine {

namespace {

using Json = nlohmann::json;

constexpr int kProbeTokens = 8;

bool has_text(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() &&
         !found->get_ref<const std::string&>().empty();
}

bool choice_has_token(const Json& choice) {
  if (!choice.is_object()) return false;
  if (has_text(choice, "text")) return true;
  for (const char* part : {"delta", "message"}) {
    const auto found = choice.find(part);
    if (found == choice.end() || !found->is_object()) continue;
    for (const char* name : {"content", "reasoning", "reasoning_content"}) {
      if (has_text(*found, name)) return true;
    }
  }
  return false;
}

bool json_has_token(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return false;
  if (const auto choices = json.find("choices"); choices != json.end() && choices->is_array()) {
    for (const Json& choice : *choices) {
      if (choice_has_token(choice)) return true;
    }
  }
  const auto usage = json.find("usage");
  if (usage == json.end() || !usage->is_object()) return false;
  const auto tokens = usage->find("completion_tokens");
  return tokens != usage->end() && tokens->is_number() && tokens->get<double>() > 0.0;
}

/// The text of an error event in a stream, if there is one.
std::string stream_error(std::string_view body) {
  const std::size_t at = body.find("\"error\"");
  if (at == std::string_view::npos) return {};
  const std::size_t open = body.rfind("data:", at);
  if (open == std::string_view::npos) return {};
  HttpResponse event;
  event.body = body.substr(open + 5, body.find('\n', open) - open - 5);
  return error_text(event);
}

ProbeOutcome judge(const HttpResponse& answer, const std::string& path) {
  using Kind = ProbeOutcome::Kind;
  const std::string said =
      fmt::format("{} answered HTTP {}: {}", path, answer.status, error_text(answer));
  switch (answer.status) {
    case 200:
      break;
    case 400:
    case 422:
      return {Kind::refused, said};
    case 401:
    case 403:
      return {Kind::denied, said};
    case 404:
      return {Kind::bad_model, said};
    case 502:
    case 503:
      return {Kind::not_ready, said};
    default:
      return {Kind::failed, said};
  }
  if (holds_token(answer.body + "\n") || json_has_token(answer.body)) return {Kind::token, {}};
  const std::string error = stream_error(answer.body);
  if (!error.empty())
    return {Kind::failed, fmt::format("{} failed in the stream: {}", path, error)};
  return {Kind::failed, fmt::format("{} answered without a single token", path)};
}

}  // namespace

std::string probe_body(const std::string& api, const std::string& model,
                       const RequestFields& fields) {
  Json body{{"model", model}, {"max_tokens", kProbeTokens}, {"temperature", 0}, {"stream", true}};
  if (api == "completions") {
    body["prompt"] = "Once upon a time";
  } else {
    body["messages"] = Json::array({{{"role", "user"}, {"content", "Say hello."}}});
  }
  if (fields.stream_usage) body["stream_options"]["include_usage"] = true;
  if (fields.continuous_usage) body["stream_options"]["continuous_usage_stats"] = true;
  if (fields.ignore_eos) body["ignore_eos"] = true;
  if (fields.min_tokens) body["min_tokens"] = kProbeTokens;
  if (fields.cache_prompt_off) body["cache_prompt"] = false;
  return body.dump();
}

bool holds_token(std::string_view body) {
  std::size_t at = 0;
  while (true) {
    const std::size_t end = body.find('\n', at);
    if (end == std::string_view::npos) return false;
    std::string_view line = body.substr(at, end - at);
    at = end + 1;
    constexpr std::string_view kData = "data:";
    if (line.substr(0, kData.size()) != kData) continue;
    line.remove_prefix(kData.size());
    if (json_has_token(line)) return true;
  }
}

ProbeOutcome send_probe(const ControlPlane& plane, const std::string& api, const std::string& body,
                        std::chrono::milliseconds timeout, const std::function<void()>& on_token) {
  const std::string path = api == "completions" ? "/v1/completions" : "/v1/chat/completions";
  HttpRequest request = plane.request(path);
  request.method = "POST";
  request.body = body;
  request.timeout = timeout;
  bool seen = false;
  request.on_body = [&](std::string_view so_far) {
    if (seen || !holds_token(so_far)) return;
    seen = true;
    on_token();
  };
  const auto answer = http_send(request);
  if (answer.has_error()) {
    using base::ErrorKind;
    const auto kind = answer.error().kind == ErrorKind::interrupted
                          ? ProbeOutcome::Kind::interrupted
                      : answer.error().kind == ErrorKind::network ? ProbeOutcome::Kind::not_ready
                                                                  : ProbeOutcome::Kind::failed;
    return {kind, answer.error().message};
  }
  ProbeOutcome outcome = judge(answer.value(), path);
  if (outcome.kind == ProbeOutcome::Kind::token && !seen) on_token();
  return outcome;
}

}  // namespace tokamark::engine
