#include <algorithm>
#include <cctype>

#include "study/study.h"

namespace tokamark::study {

namespace {

using Json = nlohmann::json;

void put(Json& json, const char* key, const std::string& text) {
  if (!text.empty()) json[key] = text;
}

template <typename T>
void put(Json& json, const char* key, const std::optional<T>& value) {
  if (value) json[key] = *value;
}

/// Whether a header or variable of this name is likely to hold a secret.
bool sounds_secret(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const char* word : {"auth", "cookie", "key", "passw", "secret", "token"}) {
    if (name.find(word) != std::string::npos) return true;
  }
  return false;
}

Json without_secrets(const std::map<std::string, std::string>& values) {
  Json json = Json::object();
  for (const auto& [name, value] : values) json[name] = sounds_secret(name) ? "(hidden)" : value;
  return json;
}

Json model_json(const engine::ModelSpec& model) {
  Json json{{"name", model.name}};
  put(json, "path", model.path);
  put(json, "revision", model.revision);
  put(json, "precision", model.precision);
  if (model.parameters_b > 0.0) json["parameters_b"] = model.parameters_b;
  if (model.active_parameters_b > 0.0) json["active_parameters_b"] = model.active_parameters_b;
  return json;
}

Json engine_json(const engine::EngineSpec& spec) {
  Json json{{"name", spec.name}, {"kind", spec.kind}, {"host", spec.host}, {"api", spec.api}};
  put(json, "url", spec.url);
  if (spec.port != 0) json["port"] = spec.port;
  put(json, "venv", spec.venv);
  put(json, "binary", spec.binary);
  put(json, "image", spec.image);
  put(json, "container_runtime", spec.container_runtime);
  if (!spec.container_args.empty()) json["container_args"] = spec.container_args;
  if (!spec.arm.empty()) json["arms"] = Json::array({spec.arm});
  if (!spec.settings.empty()) json["settings"] = engine::to_json(spec.settings);
  put(json, "model", spec.model);
  put(json, "profile", spec.profile);
  json["args"] = spec.args;
  json["env"] = without_secrets(spec.env);
  put(json, "version", spec.version);
  json["headers"] = without_secrets(spec.headers);
  put(json, "api_key_env", spec.api_key_env);
  json["start_timeout_s"] = spec.start_timeout.count();
  json["stop_timeout_s"] = spec.stop_timeout.count();
  return json;
}

Json arm_json(const ArmSpec& arm) {
  Json json{{"name", arm.name},
            {"defaults", arm.defaults == engine::Defaults::shipped ? "shipped" : "neutral"}};
  if (!arm.settings.empty()) json["settings"] = engine::to_json(arm.settings);
  put(json, "budget", arm.budget);
  return json;
}

Json length_json(const LengthSpec& spec) {
  switch (spec.kind) {
    case LengthSpec::Kind::fixed:
      return spec.fixed;
    case LengthSpec::Kind::uniform:
      return {{"uniform", {spec.low, spec.high}}};
    case LengthSpec::Kind::quantiles:
      break;
  }
  Json table = Json::array();
  for (const auto& [probability, tokens] : spec.table) {
    table.push_back(Json::array({probability, tokens}));
  }
  return {{"quantiles", table}};
}

Json workload_json(const WorkloadSpec& spec) {
  Json json{{"name", spec.name},
            {"output_tokens", length_json(spec.output_tokens)},
            {"output_rule", spec.output_rule == OutputRule::exact ? "exact" : "natural"},
            {"salt", spec.salt == workload::Salting::on},
            {"temperature", spec.temperature}};
  if (spec.prompts.empty()) {
    json["input_tokens"] = length_json(spec.input_tokens);
  } else {
    json["prompts"] = spec.prompts.string();
  }
  if (!spec.categories.empty()) json["categories"] = spec.categories;
  return json;
}

/// All loads of a study are of one kind, as `load` has it.
Json load_json(const std::vector<workload::LoadShape>& loads) {
  Json json = Json::object();
  for (const workload::LoadShape& load : loads) {
    if (load.kind == workload::LoadKind::closed) {
      json["concurrency"].push_back(load.concurrency);
      continue;
    }
    json["rate_per_s"].push_back(load.rate_per_s);
    json["arrivals"] = workload::to_word(load.arrivals);
    if (load.arrivals == workload::Arrivals::gamma) json["gamma_cv"] = load.gamma_cv;
  }
  return json;
}

Json window_json(const WindowSpec& window) {
  Json json{{"warmup_s", window.warmup_s},
            {"seconds", window.seconds},
            {"requests", window.requests},
            {"max_seconds", window.max_seconds},
            {"probes", window.probes}};
  put(json, "warmup_requests", window.warmup_requests);
  return json;
}

Json client_json(const ClientSpec& client) {
  Json json{{"threads", client.threads},
            {"pin", "auto"},
            {"receive", client.receive == ClientReceive::io_uring ? "io_uring" : "epoll"},
            {"calibration_s", client.calibration_s}};
  if (client.pin == ClientPin::none) json["pin"] = "none";
  if (client.pin == ClientPin::listed) json["pin"] = client.cpus;
  return json;
}

}  // namespace

Json to_json(const Study& study) {
  Json json{{"name", study.name},
            {"seed", study.seed},
            {"repeats", study.repeats},
            {"runs_per_start", study.runs_per_start},
            {"load", load_json(study.loads)},
            {"window", window_json(study.window)},
            {"slo", Json::object()},
            {"hardware", Json::object()},
            {"client", client_json(study.client)},
            {"validity", analysis::to_json(study.validity)}};
  if (!study.model.name.empty()) json["model"] = model_json(study.model);
  for (const ArmSpec& arm : study.arms) json["arms"].push_back(arm_json(arm));
  if (!study.primary.empty()) json["comparison"] = {{"primary", study.primary}};
  if (!study.intended.empty()) json["fairness"] = {{"intended", study.intended}};
  for (const engine::EngineSpec& spec : study.engines) json["engines"].push_back(engine_json(spec));
  for (const WorkloadSpec& spec : study.workloads) json["workloads"].push_back(workload_json(spec));
  json["timeouts"] = {{"connect_s", study.timeouts.connect_s},
                      {"first_byte_s", study.timeouts.first_byte_s},
                      {"inter_chunk_s", study.timeouts.inter_chunk_s},
                      {"total_s", study.timeouts.total_s},
                      {"cooldown_s", study.timeouts.cooldown_s}};
  put(json["slo"], "ttft_ms", study.slo.ttft_ms);
  put(json["slo"], "tpot_ms", study.slo.tpot_ms);
  put(json["slo"], "e2e_ms", study.slo.e2e_ms);
  put(json["hardware"], "gpu", study.hardware.gpu);
  put(json["hardware"], "price_per_hour_usd", study.hardware.price_per_hour_usd);
  put(json["hardware"], "price_date", study.hardware.price_date);
  return json;
}

}  // namespace tokamark::study
