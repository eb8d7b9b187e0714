#include <array>

#include "engine/adapter.h"
#include "engine/flag_writer.h"
#include "engine/launch_line.h"
#include "engine/python_launch_internal.h"
#include "engine/tensorrt_llm_config.h"

namespace tokamark::engine {

namespace {

constexpr const char* kConfigInside = "/tokamark/tensorrt-llm.yaml";

const PythonEngine& package() {
  static const PythonEngine engine{"tensorrt-llm",
                                   "TensorRT-LLM",
                                   "tensorrt_llm",
                                   {"tensorrt_llm"},
                                   "trtllm-serve",
                                   {"serve"},
                                   {},
                                   "tensorrt-llm"};
  return engine;
}

const std::vector<SettingFlag>& flags() {
  static const std::vector<SettingFlag> table{
      {Setting::context_tokens, {"--max_seq_len"}},
      {Setting::max_sequences, {"--max_batch_size"}},
      {Setting::max_batch_tokens, {"--max_num_tokens"}},
      {Setting::tensor_parallel, {"--tp_size", "--tensor_parallel_size"}},
  };
  return table;
}

/// It never takes the model's sampling defaults.
constexpr bool kModelSampling = false;

class TensorrtLlm final : public EngineAdapter {
 public:
  [[nodiscard]] std::string_view kind() const override { return "tensorrt-llm"; }
  [[nodiscard]] std::uint16_t default_port() const override { return 8000; }
  [[nodiscard]] bool runs_in_image() const override { return true; }

  [[nodiscard]] base::Result<LaunchCommand> launch(const EngineSpec& spec, const ModelSpec& model,
                                                   const LaunchContext& context) const override {
    TOKAMARK_TRY_VOID(refuse_flags(spec, {"--host", "--port", "--served_model_name"}));
    TOKAMARK_TRY_VOID(check_model_folder(spec, model));
    ContainerCommand command;
    // NVIDIA's entry point puts the driver's compatibility libraries in place.
    command.keep_entrypoint = true;
    const MountedModel mounted = model_place(spec, model);
    command.mounts = mounted.mounts;
    auto& argv = command.inside.argv;
    TOKAMARK_TRY(argv, python_program(package(), spec));
    append(argv, {mounted.location, "--host", spec.host, "--port", std::to_string(spec.port)});
    FlagWriter writer(spec, context.help);
    writer.write(flags());
    TOKAMARK_TRY(const std::string config, tensorrt_llm_config(spec, writer));
    writer.add({"--served_model_name", model.name});
    if (!model.revision.empty()) writer.add({"--hf_revision", model.revision});
    const std::vector<FixedSetting> always{{Setting::model_sampling, kModelSampling}};
    writer.settle(always);
    if (writer.error()) return *writer.error();
    append(argv, writer.words());
    const auto file = context.folder / (spec.name + ".config.yaml");
    command.inside.files[file] = config;
    if (!spec.image.empty()) command.mounts.push_back({file, kConfigInside});
    const bool renamed = context.help != nullptr && !context.help->has("--config");
    append(argv, {renamed ? "--extra_llm_api_options" : "--config",
                  spec.image.empty() ? file.string() : kConfigInside});
    append(argv, args_without_config(spec));
    command.inside.notes = writer.notes();
    command.inside.env = venv_environment(spec);
    for (const auto& [name, value] : spec.env) command.inside.env[name] = value;
    return finished(spec, std::move(command));
  }

  [[nodiscard]] std::optional<LaunchCommand> help_call(const EngineSpec& spec) const override {
    return help_of(spec, python_program(package(), spec), {"--help"}, true);
  }

  /// It answers 400 to any field that it does not know; these it knows.
  [[nodiscard]] RequestFields fields(const EngineSpec& /*spec*/) const override {
    RequestFields fields;
    fields.continuous_usage = true;
    fields.ignore_eos = true;
    fields.min_tokens = true;
    return fields;
  }

  [[nodiscard]] EngineFacts facts(const EngineSpec& /*spec*/, const ControlPlane& plane,
                                  std::string_view /*log*/) const override {
    return probe_facts(plane);
  }

  void read_settings(const SettingsEvidence& evidence, EffectiveSettings& settings) const override {
    static constexpr std::array kPlaces{
        TextPlace{"kv_cache_tokens", "for max tokens in paged KV cache (", ")"}};
    read_flags(flags(), evidence.command.argv, settings);
    for (const auto& [path, text] : evidence.command.files) {
      read_tensorrt_llm_config(text, settings);
    }
    read_text(evidence.log, kPlaces, "log", settings);
    const std::vector<FixedSetting> always{{Setting::model_sampling, kModelSampling}};
    read_always(always, settings);
    const std::vector<FixedSetting> defaults{{Setting::stream_interval, 1},
                                             {Setting::tensor_parallel, 1}};
    read_defaults(defaults, settings);
  }

  [[nodiscard]] base::Result<std::string> reset_caches(const ControlPlane& /*plane*/,
                                                       const EngineSpec& /*spec*/) const override {
    return std::string("not reset: this engine has no route for it");
  }

  [[nodiscard]] std::string metrics_path(const EngineSpec& /*spec*/) const override {
    return "/prometheus/metrics";
  }

  [[nodiscard]] Discovery discover() const override { return discover_python(package()); }
};

}  // namespace

const EngineAdapter& tensorrt_llm_adapter() {
  static const TensorrtLlm adapter;
  return adapter;
}

}  // namespace tokamark::engine
