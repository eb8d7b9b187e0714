#include "engine/adapter.h"

#include <fmt/format.h>

#include <algorithm>

namespace tokamark::engine {

namespace {

using base::Error;
using base::ErrorKind;
using Json = nlohmann::json;

/// Resetting a cache waits for the running batch in some engines.
constexpr std::chrono::milliseconds kResetTimeout{30000};
constexpr std::size_t kQuotedBody = 200;

bool is_good(const base::Result<HttpResponse>& answer) {
  return answer.has_value() && answer.value().status == 200;
}

base::Result<HttpResponse> slow_post(const ControlPlane& plane, const std::string& path) {
  HttpRequest request = plane.request(path);
  request.method = "POST";
  request.timeout = kResetTimeout;
  return http_send(request);
}

std::string why_not(const base::Result<HttpResponse>& answer) {
  if (answer.has_error()) return answer.error().message;
  return fmt::format("HTTP {}: {}", answer.value().status, error_text(answer.value()));
}

/// Chat templates are long and say nothing about speed; keys are secrets.
void drop_noise(Json& config) {
  for (const char* name : {"chat_template", "chat_template_tool_use", "api_key", "admin_api_key",
                           "api_keys", "media_marker"}) {
    config.erase(name);
  }
}

}  // namespace

HttpRequest ControlPlane::request(const std::string& path) const {
  HttpRequest request;
  request.url = base_url_ + path;
  request.headers = headers_;
  request.stop = stop_;
  return request;
}

base::Result<HttpResponse> ControlPlane::get(const std::string& path) const {
  return http_send(request(path));
}

base::Result<HttpResponse> ControlPlane::post(const std::string& path,
                                              const std::string& body) const {
  HttpRequest sent = request(path);
  sent.method = "POST";
  sent.body = body;
  return http_send(sent);
}

base::Result<Json> ControlPlane::get_json(const std::string& path) const {
  TOKAMARK_TRY(const HttpResponse answer, get(path));
  if (answer.status != 200) {
    return Error{ErrorKind::network, fmt::format("{}{} answered HTTP {}: {}", base_url_, path,
                                                 answer.status, error_text(answer))};
  }
  Json json = Json::parse(answer.body, nullptr, false);
  if (json.is_discarded()) {
    return Error{ErrorKind::network, fmt::format("{}{} did not answer JSON", base_url_, path)};
  }
  return json;
}

std::string error_text(const HttpResponse& response) {
  const Json json = Json::parse(response.body, nullptr, false);
  if (json.is_object()) {
    const Json& inner = json.contains("error") ? json["error"] : json;
    if (inner.is_string()) return inner.get<std::string>();
    for (const char* name : {"message", "detail"}) {
      if (!inner.is_object() || !inner.contains(name)) continue;
      return inner[name].is_string() ? inner[name].get<std::string>() : inner[name].dump();
    }
  }
  std::string text = response.body.substr(0, kQuotedBody);
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20; }, ' ');
  return text.empty() ? "(empty body)" : text;
}

std::vector<const EngineAdapter*> all_adapters() {
  return {&llama_cpp_adapter(),    &openai_adapter(),       &sglang_adapter(), &simulated_adapter(),
          &tensorrt_llm_adapter(), &transformers_adapter(), &vllm_adapter()};
}

base::Result<const EngineAdapter*> adapter_of(const EngineSpec& spec) {
  std::string known;
  for (const EngineAdapter* adapter : all_adapters()) {
    if (adapter->kind() == spec.kind) {
      if (spec.image.empty() || adapter->runs_in_image()) return adapter;
      return Error{
          ErrorKind::study,
          fmt::format("engine \"{}\": kind {} does not run in an image; set venv or binary",
                      spec.name, spec.kind)};
    }
    known += fmt::format("{}{}", known.empty() ? "" : ", ", adapter->kind());
  }
  return Error{
      ErrorKind::study,
      fmt::format("engine \"{}\": kind \"{}\" cannot be started by this version; use one of "
                  "{}, or start it yourself and attach with kind: openai",
                  spec.name, spec.kind, known)};
}

base::Result<std::string> reset_vllm_prefix_cache(const ControlPlane& plane) {
  const auto answer = slow_post(plane, "/reset_prefix_cache");
  if (is_good(answer)) {
    const Json json = Json::parse(answer.value().body, nullptr, false);
    if (json.is_object() && json.value("success", true) == false) {
      return Error{ErrorKind::engine,
                   "POST /reset_prefix_cache: blocks are still held; requests are running"};
    }
    return std::string("POST /reset_prefix_cache succeeded");
  }
  if (answer.has_value() && answer.value().status == 404) {
    return std::string(
        "not reset: the server has no /reset_prefix_cache (it needs "
        "VLLM_SERVER_DEV_MODE=1 at its start)");
  }
  return Error{ErrorKind::engine, "POST /reset_prefix_cache: " + why_not(answer)};
}

base::Result<std::string> flush_sglang_cache(const ControlPlane& plane) {
  const auto answer = slow_post(plane, "/flush_cache");
  if (is_good(answer)) return std::string("POST /flush_cache succeeded");
  return Error{ErrorKind::engine, "POST /flush_cache: " + why_not(answer)};
}

base::Result<std::string> erase_llama_slots(const ControlPlane& plane) {
  const auto answer = plane.get_json("/slots");
  if (answer.has_error()) return "not reset: " + answer.error().message;
  const Json& slots = answer.value();
  std::size_t erased = 0;
  for (const Json& slot : slots) {
    if (!slot.is_object() || !slot.contains("id") || !slot["id"].is_number_integer()) continue;
    const auto erase =
        slow_post(plane, fmt::format("/slots/{}?action=erase", slot["id"].get<int>()));
    if (!is_good(erase)) return fmt::format("not reset: {}", why_not(erase));
    ++erased;
  }
  return fmt::format("erased {} slots", erased);
}

EngineFacts probe_facts(const ControlPlane& plane) {
  EngineFacts facts;
  if (const auto json = plane.get_json("/version");
      json.has_value() && json.value().is_object() && json.value().contains("version")) {
    facts.version = json.value()["version"].is_string() ? json.value()["version"].get<std::string>()
                                                        : json.value()["version"].dump();
  }
  for (const char* path : {"/props", "/server_info?config_format=json"}) {
    auto json = plane.get_json(path);
    if (!json.has_value() || !json.value().is_object()) continue;
    facts.effective_config = std::move(json.value());
    drop_noise(facts.effective_config);
    for (const char* name : {"build_info", "version"}) {
      const auto found = facts.effective_config.find(name);
      if (facts.version.empty() && found != facts.effective_config.end() && found->is_string()) {
        facts.version = found->get<std::string>();
      }
    }
    break;
  }
  return facts;
}

}  // namespace tokamark::engine
