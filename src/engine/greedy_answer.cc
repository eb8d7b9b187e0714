#include "engine/greedy_answer.h"

#include <fmt/format.h>

namespace tokamark::engine {

namespace {

using Json = nlohmann::json;

/// A dozen tokens of one request, on the slowest machine that is worth measuring.
constexpr std::chrono::milliseconds kAnswerTimeout{20000};

Json body_of(const Target& target, const std::string& prompt, int tokens) {
  Json body{{"model", target.model}, {"max_tokens", tokens}, {"temperature", 0}};
  if (target.api == "completions") {
    body["prompt"] = prompt;
  } else {
    body["messages"] = Json::array({{{"role", "user"}, {"content", prompt}}});
  }
  // What the load sends, so that the same engine is asked in the same way.
  if (target.fields.ignore_eos) body["ignore_eos"] = true;
  if (target.fields.min_tokens) body["min_tokens"] = tokens;
  if (target.fields.cache_prompt_off) body["cache_prompt"] = false;
  return body;
}

Json at(const Json& json, const char* pointer) {
  const Json::json_pointer place(pointer);
  return json.contains(place) ? json[place] : Json();
}

}  // namespace

base::Result<Json> greedy_answer(const ControlPlane& plane, const Target& target,
                                 const std::string& prompt, int tokens) {
  const bool chat = target.api != "completions";
  HttpRequest request = plane.request(chat ? "/v1/chat/completions" : "/v1/completions");
  request.method = "POST";
  request.body = body_of(target, prompt, tokens).dump();
  request.timeout = kAnswerTimeout;
  TOKAMARK_TRY(const HttpResponse answer, http_send(request));
  const Json json = Json::parse(answer.body, nullptr, false);
  if (answer.status != 200 || !json.is_object()) {
    return base::Error{base::ErrorKind::network,
                       fmt::format("HTTP {}: {}", answer.status, error_text(answer))};
  }
  return Json{{"text", at(json, chat ? "/choices/0/message/content" : "/choices/0/text")},
              {"prompt_tokens", at(json, "/usage/prompt_tokens")},
              {"output_tokens", at(json, "/usage/completion_tokens")}};
}

}  // namespace tokamark::engine
