#include <fmt/format.h>

#include "engine/adapter.h"
#include "engine/launch_line.h"

namespace tokamark::engine {

namespace {

using base::Error;
using base::ErrorKind;

/// The engine whose API a profile speaks, from the end of its name.
enum class Dialect { vllm, sglang, tensorrt_llm, llama_cpp };

Dialect dialect_of(std::string_view profile) {
  const auto ends_with = [profile](std::string_view end) {
    return profile.size() >= end.size() && profile.substr(profile.size() - end.size()) == end;
  };
  if (ends_with("sglang")) return Dialect::sglang;
  if (ends_with("tensorrt-llm")) return Dialect::tensorrt_llm;
  if (ends_with("llama-cpp")) return Dialect::llama_cpp;
  return Dialect::vllm;
}

/// This program's own simulated engine, as a process of its own.
class Simulated final : public EngineAdapter {
 public:
  [[nodiscard]] std::string_view kind() const override { return "simulated"; }
  [[nodiscard]] std::uint16_t default_port() const override { return 8990; }
  [[nodiscard]] bool simulated() const override { return true; }

  [[nodiscard]] base::Result<LaunchCommand> launch(
      const EngineSpec& spec, const ModelSpec& model,
      const LaunchContext& /*context*/) const override {
    TOKAMARK_TRY_VOID(refuse_flags(spec, {"--host", "--port", "--profile", "--served-model-name"}));
    if (spec.profile.empty()) {
      return Error{ErrorKind::study,
                   fmt::format("engine \"{}\": kind simulated needs `profile`; `tokamark sim "
                               "--help` lists them",
                               spec.name)};
    }
    LaunchCommand command;
    if (!spec.binary.empty()) {
      TOKAMARK_TRY(const std::filesystem::path binary, resolve_binary(spec));
      command.argv = {binary.string()};
    } else {
      command.argv = {own_program()};
    }
    for (const std::string& word :
         {std::string("sim"), std::string("--profile"), spec.profile, std::string("--host"),
          spec.host, std::string("--port"), std::to_string(spec.port),
          std::string("--served-model-name"), model.name}) {
      command.argv.push_back(word);
    }
    command.argv.insert(command.argv.end(), spec.args.begin(), spec.args.end());
    command.env = spec.env;
    return command;
  }

  [[nodiscard]] RequestFields fields(const EngineSpec& spec) const override {
    RequestFields fields;
    const bool llama = dialect_of(spec.profile) == Dialect::llama_cpp;
    fields.ignore_eos = true;
    fields.continuous_usage = !llama;
    fields.min_tokens = !llama;
    fields.cache_prompt_off = llama;
    return fields;
  }

  [[nodiscard]] EngineFacts facts(const EngineSpec& /*spec*/, const ControlPlane& plane,
                                  std::string_view /*log*/) const override {
    return probe_facts(plane);
  }

  [[nodiscard]] base::Result<std::string> reset_caches(const ControlPlane& plane,
                                                       const EngineSpec& spec) const override {
    switch (dialect_of(spec.profile)) {
      case Dialect::vllm:
        return reset_vllm_prefix_cache(plane);
      case Dialect::sglang:
        return flush_sglang_cache(plane);
      case Dialect::llama_cpp:
        return erase_llama_slots(plane);
      case Dialect::tensorrt_llm:
        break;
    }
    return std::string("not reset: this engine has no route for it");
  }

  [[nodiscard]] std::string metrics_path(const EngineSpec& spec) const override {
    return dialect_of(spec.profile) == Dialect::tensorrt_llm ? "/prometheus/metrics" : "/metrics";
  }

  [[nodiscard]] Discovery discover() const override {
    return {"simulated", true, own_program(), "", "built in; its results say SIMULATED"};
  }

 private:
  /// The file of this program; /proc/self/exe itself when its name cannot be read.
  static std::string own_program() {
    std::error_code failed;
    const auto path = std::filesystem::read_symlink("/proc/self/exe", failed);
    return failed || !std::filesystem::exists(path, failed) ? "/proc/self/exe" : path.string();
  }
};

}  // namespace

const EngineAdapter& simulated_adapter() {
  static const Simulated adapter;
  return adapter;
}

}  // namespace tokamark::engine
