#include "engine/adapter.h"
#include "engine/flag_writer.h"
#include "engine/launch_line.h"
#include "engine/python_launch_internal.h"

namespace tokamark::engine {

namespace {

const PythonEngine& package() {
  static const PythonEngine engine{"transformers",
                                   "transformers serve",
                                   "transformers",
                                   {"transformers"},
                                   "transformers",
                                   {"serve"},
                                   {},
                                   "'transformers[serving]' torch"};
  return engine;
}

const std::vector<SettingFlag>& flags() {
  static const std::vector<SettingFlag> table{
      {Setting::dtype,
       {"--dtype"},
       {},
       {},
       {{"bf16", "bfloat16"}, {"f16", "float16"}, {"f32", "float32"}}},
      {Setting::seed, {"--default-seed"}},
  };
  return table;
}

/// Settings that exist only with continuous batching; without it one request runs at a time.
const std::vector<SettingFlag>& batching_flags() {
  static const std::vector<SettingFlag> table{
      {Setting::max_batch_tokens, {"--cb-max-batch-tokens"}},
      {Setting::gpu_memory_share, {"--cb-max-memory-percent"}},
  };
  return table;
}

std::vector<FixedSetting> always(bool batching) {
  std::vector<FixedSetting> settings{{Setting::prefix_cache, false},
                                     {Setting::stream_interval, 1},
                                     {Setting::dummy_weights, false},
                                     {Setting::model_sampling, true},
                                     {Setting::tensor_parallel, 1}};
  if (batching) return settings;
  settings.push_back({Setting::max_sequences, 1});
  settings.push_back({Setting::chunked_prefill, false});
  return settings;
}

/// Hugging Face's own server.
class Transformers final : public EngineAdapter {
 public:
  [[nodiscard]] std::string_view kind() const override { return "transformers"; }
  [[nodiscard]] std::uint16_t default_port() const override { return 8000; }

  [[nodiscard]] base::Result<LaunchCommand> launch(const EngineSpec& spec, const ModelSpec& model,
                                                   const LaunchContext& context) const override {
    TOKAMARK_TRY_VOID(refuse_flags(spec, {"--host", "--port"}));
    TOKAMARK_TRY_VOID(check_model_folder(spec, model));
    LaunchCommand command;
    auto& argv = command.argv;
    TOKAMARK_TRY(argv, python_program(package(), spec));
    append(argv,
           {model_location(spec, model), "--host", spec.host, "--port", std::to_string(spec.port)});
    const bool batching = has_flag(spec.args, {"--continuous-batching"});
    FlagWriter writer(spec, context.help);
    writer.write(flags());
    if (batching) writer.write(batching_flags());
    writer.settle(always(batching));
    if (writer.error()) return *writer.error();
    append(argv, writer.words());
    append(argv, spec.args);
    command.notes = writer.notes();
    command.env = venv_environment(spec);
    for (const auto& [name, value] : spec.env) command.env[name] = value;
    return command;
  }

  [[nodiscard]] std::optional<LaunchCommand> help_call(const EngineSpec& spec) const override {
    return help_of(spec, python_program(package(), spec), {"--help"});
  }

  /// A request must name exactly what was loaded.
  [[nodiscard]] std::string served_name(const EngineSpec& spec,
                                        const ModelSpec& model) const override {
    return model_location(spec, model);
  }

  /// Unknown fields are refused. It has no ignore_eos; a generation configuration of our own, which
  /// knows no end token, does the same.
  [[nodiscard]] RequestFields fields(const EngineSpec& /*spec*/) const override {
    RequestFields fields;
    fields.endless_generation_config = true;
    return fields;
  }

  [[nodiscard]] EngineFacts facts(const EngineSpec& spec, const ControlPlane& /*plane*/,
                                  std::string_view /*log*/) const override {
    EngineFacts facts;
    if (!spec.venv.empty()) {
      facts.version = distribution_version(spec.venv, "transformers").value_or("");
    }
    return facts;
  }

  void read_settings(const SettingsEvidence& evidence, EffectiveSettings& settings) const override {
    const auto& argv = evidence.command.argv;
    read_flags(flags(), argv, settings);
    read_flags(batching_flags(), argv, settings);
    read_always(always(has_flag(argv, {"--continuous-batching"})), settings);
  }

  [[nodiscard]] base::Result<std::string> reset_caches(const ControlPlane& /*plane*/,
                                                       const EngineSpec& /*spec*/) const override {
    return std::string("nothing to reset: it keeps no prefix between requests");
  }

  [[nodiscard]] Discovery discover() const override { return discover_python(package()); }
};

}  // namespace

const EngineAdapter& transformers_adapter() {
  static const Transformers adapter;
  return adapter;
}

}  // namespace tokamark::engine
