#pragma once

#include <atomic>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "engine/effective.h"
#include "engine/engine.h"
#include "engine/help_text.h"
#include "engine/http.h"

namespace tokamark::engine {

/// The HTTP side of a server that answers, as adapters use it.
class ControlPlane {
 public:
  ControlPlane(std::string base_url, std::map<std::string, std::string> headers,
               const std::atomic<bool>* stop)
      : base_url_(std::move(base_url)), headers_(std::move(headers)), stop_(stop) {}

  [[nodiscard]] const std::string& base_url() const { return base_url_; }
  /// The request that `get` and `post` send, for callers that change it.
  [[nodiscard]] HttpRequest request(const std::string& path) const;
  /// See http_send for the errors.
  [[nodiscard]] base::Result<HttpResponse> get(const std::string& path) const;
  [[nodiscard]] base::Result<HttpResponse> post(const std::string& path,
                                                const std::string& body = "") const;
  /// The JSON of a 200 answer; an error of kind `network` otherwise.
  [[nodiscard]] base::Result<nlohmann::json> get_json(const std::string& path) const;

 private:
  std::string base_url_;
  std::map<std::string, std::string> headers_;
  const std::atomic<bool>* stop_;
};

/// The message inside an error body of any engine's shape, else the body's beginning.
std::string error_text(const HttpResponse& response);

/// What an adapter reads back from a server that answers.
struct EngineFacts {
  std::string version;  ///< empty when the server does not tell
  nlohmann::json effective_config = nlohmann::json::object();
};

/// What a launch line is made with.
struct LaunchContext {
  const HelpText* help = nullptr;  ///< null: flags are taken as known
  /// Where the command's `files` go; absolute for a start.
  std::filesystem::path folder = "logs";
};

/// What is known of an engine that is ready, for its settings.
struct SettingsEvidence {
  const EngineSpec& spec;
  const LaunchCommand& command;
  std::string_view log;  ///< of its start
  const EngineFacts& facts;
};

/// What is particular to one kind of engine. Stateless; one instance of each lives for ever.
class EngineAdapter {
 public:
  virtual ~EngineAdapter() = default;

  [[nodiscard]] virtual std::string_view kind() const = 0;
  /// Used when the study gives no port; 0 for a kind that starts nothing.
  [[nodiscard]] virtual std::uint16_t default_port() const = 0;
  [[nodiscard]] virtual bool simulated() const { return false; }
  /// Whether it can run in a container image.
  [[nodiscard]] virtual bool runs_in_image() const { return false; }
  /// The command line; argv is empty for a kind that starts nothing. `spec.port` is set.
  /// Errors: `study` for a bad combination of fields, `engine` for what is missing here.
  [[nodiscard]] virtual base::Result<LaunchCommand> launch(const EngineSpec& spec,
                                                           const ModelSpec& model,
                                                           const LaunchContext& context) const = 0;
  /// What makes it print its flags; empty when they are ours or nothing is started.
  [[nodiscard]] virtual std::optional<LaunchCommand> help_call(const EngineSpec& /*spec*/) const {
    return std::nullopt;
  }
  /// The name that its requests must carry.
  [[nodiscard]] virtual std::string served_name(const EngineSpec& /*spec*/,
                                                const ModelSpec& model) const {
    return model.name;
  }
  [[nodiscard]] virtual RequestFields fields(const EngineSpec& spec) const = 0;
  /// Version and effective configuration from the API and the start's part of the log.
  [[nodiscard]] virtual EngineFacts facts(const EngineSpec& spec, const ControlPlane& plane,
                                          std::string_view log) const = 0;
  /// The settings that are in force, as far as flags, log and API tell. What is not known stays
  /// out.
  virtual void read_settings(const SettingsEvidence& /*evidence*/,
                             EffectiveSettings& /*settings*/) const {}
  [[nodiscard]] virtual base::Result<std::string> reset_caches(const ControlPlane& plane,
                                                               const EngineSpec& spec) const = 0;
  /// Where the counters are in Prometheus text.
  [[nodiscard]] virtual std::string metrics_path(const EngineSpec& /*spec*/) const {
    return "/metrics";
  }
  [[nodiscard]] virtual Discovery discover() const = 0;
};

const EngineAdapter& vllm_adapter();
const EngineAdapter& sglang_adapter();
const EngineAdapter& tensorrt_llm_adapter();
const EngineAdapter& transformers_adapter();
const EngineAdapter& llama_cpp_adapter();
const EngineAdapter& openai_adapter();
const EngineAdapter& simulated_adapter();

/// Every adapter, by kind.
std::vector<const EngineAdapter*> all_adapters();
/// The adapter of the spec's kind; an error of kind `study` lists the known ones.
base::Result<const EngineAdapter*> adapter_of(const EngineSpec& spec);

/// Steps that adapters share, by API family.
base::Result<std::string> reset_vllm_prefix_cache(const ControlPlane& plane);
base::Result<std::string> flush_sglang_cache(const ControlPlane& plane);
base::Result<std::string> erase_llama_slots(const ControlPlane& plane);
/// /version, then llama.cpp's /props, then SGLang's /server_info; secrets left out.
EngineFacts probe_facts(const ControlPlane& plane);

}  // namespace tokamark::engine
