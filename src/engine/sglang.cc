#include <array>
#include <utility>

#include "engine/adapter.h"
#include "engine/flag_writer.h"
#include "engine/launch_line.h"
#include "engine/python_launch_internal.h"

namespace tokamark::engine {

namespace {

const PythonEngine& package() {
  static const PythonEngine engine{
      "sglang", "SGLang", "sglang", {"sglang"}, "sglang", {"serve"}, {"-m", "sglang.launch_server"},
      "sglang"};
  return engine;
}

const std::vector<SettingFlag>& flags() {
  static const std::vector<SettingFlag> table{
      {Setting::context_tokens, {"--context-length"}},
      {Setting::dtype,
       {"--dtype"},
       {},
       {},
       {{"bf16", "bfloat16"}, {"f16", "float16"}, {"f32", "float32"}}},
      // It has no f16 cache of its own.
      {Setting::kv_cache_dtype,
       {"--kv-cache-dtype"},
       {},
       {},
       {{"fp8", "fp8_e4m3"}, {"bf16", "bf16"}, {"f16", ""}}},
      {Setting::kv_cache_tokens, {"--max-total-tokens"}},
      {Setting::gpu_memory_share, {"--mem-fraction-static"}},
      {Setting::max_sequences, {"--max-running-requests"}},
      {Setting::prefix_cache, {}, {"--disable-radix-cache"}},
      {Setting::stream_interval, {"--stream-interval"}},
      {Setting::tensor_parallel, {"--tensor-parallel-size", "--tp-size", "--tp"}},
      {Setting::seed, {"--random-seed"}},
      {Setting::dummy_weights, {"--load-format"}, {}, "dummy"},
  };
  return table;
}

/// Chunked prefill is a size, of which -1 means off; a step's limit is another flag.
void write_steps(FlagWriter& writer) {
  const auto tokens = writer.value(Setting::max_batch_tokens);
  const auto chunked = writer.value(Setting::chunked_prefill);
  writer.done(Setting::chunked_prefill);
  if (chunked == false) {
    writer.write_value(Setting::chunked_prefill, {"--chunked-prefill-size"}, "-1");
  } else if (tokens) {
    writer.write_value(Setting::max_batch_tokens, {"--chunked-prefill-size"}, flag_text(*tokens));
  }
  if (tokens) {
    writer.write_value(Setting::max_batch_tokens, {"--max-prefill-tokens"}, flag_text(*tokens));
  }
}

void write_flags(FlagWriter& writer, const ModelSpec& model) {
  writer.write(flags());
  write_steps(writer);
  if (!model.revision.empty()) writer.add({"--revision", model.revision});
  const auto sampling = writer.value(Setting::model_sampling);
  writer.done(Setting::model_sampling);
  if (sampling == false) writer.add({"--sampling-defaults", "openai"});
  writer.add({"--enable-metrics"});
  writer.add({"--enable-cache-report"});
  writer.add({"--log-level-http", "warning"});
  writer.settle({});
}

/// /server_info holds every argument as it was resolved.
void read_server_info(const nlohmann::json& info, EffectiveSettings& settings) {
  static constexpr std::array<std::pair<const char*, const char*>, 10> kNames{
      {{"context_tokens", "context_length"},
       {"dtype", "dtype"},
       {"kv_cache_dtype", "kv_cache_dtype"},
       {"kv_cache_tokens", "max_total_num_tokens"},
       {"gpu_memory_share", "mem_fraction_static"},
       {"max_sequences", "max_running_requests"},
       {"stream_interval", "stream_interval"},
       {"tensor_parallel", "tp_size"},
       {"seed", "random_seed"},
       {"quantization", "quantization"}}};
  const auto put = [&](const char* name, const nlohmann::json& value) {
    if (value.is_null()) return;
    settings[name] = {
        value.is_string() ? nlohmann::json(type_word(value.get<std::string>())) : value, "server"};
  };
  const auto at = [&](const char* key) { return info.value(key, nlohmann::json()); };
  for (const auto& [name, key] : kNames) put(name, at(key));
  if (const auto off = at("disable_radix_cache"); off.is_boolean()) {
    put("prefix_cache", !off.get<bool>());
  }
  if (const auto size = at("chunked_prefill_size"); size.is_number_integer()) {
    put("chunked_prefill", size.get<std::int64_t>() > 0);
    if (size.get<std::int64_t>() > 0) put("max_batch_tokens", size);
  }
  if (const auto format = at("load_format"); format.is_string()) {
    put("dummy_weights", format == "dummy");
  }
}

class Sglang final : public EngineAdapter {
 public:
  [[nodiscard]] std::string_view kind() const override { return "sglang"; }
  [[nodiscard]] std::uint16_t default_port() const override { return 30000; }
  [[nodiscard]] bool runs_in_image() const override { return true; }

  [[nodiscard]] base::Result<LaunchCommand> launch(const EngineSpec& spec, const ModelSpec& model,
                                                   const LaunchContext& context) const override {
    TOKAMARK_TRY_VOID(
        refuse_flags(spec, {"--host", "--port", "--model-path", "--model", "--served-model-name"}));
    TOKAMARK_TRY_VOID(check_model_folder(spec, model));
    ContainerCommand command;
    const MountedModel mounted = model_place(spec, model);
    command.mounts = mounted.mounts;
    auto& argv = command.inside.argv;
    TOKAMARK_TRY(argv, program(spec));
    append(argv, {"--model-path", mounted.location, "--host", spec.host, "--port",
                  std::to_string(spec.port), "--served-model-name", model.name});
    FlagWriter writer(spec, context.help);
    write_flags(writer, model);
    if (writer.error()) return *writer.error();
    append(argv, writer.words());
    append(argv, spec.args);
    command.inside.notes = writer.notes();
    command.inside.env = venv_environment(spec);
    for (const auto& [name, value] : spec.env) command.inside.env[name] = value;
    return finished(spec, std::move(command));
  }

  [[nodiscard]] std::optional<LaunchCommand> help_call(const EngineSpec& spec) const override {
    return help_of(spec, program(spec), {"--help"});
  }

  /// Both are taken; a request for exact lengths needs both.
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
    read_flags(flags(), evidence.command.argv, settings);
    const bool own = has_words(evidence.command.argv, "--sampling-defaults", "openai");
    settings["model_sampling"] = {!own, "flag"};
    read_server_info(evidence.facts.effective_config, settings);
  }

  [[nodiscard]] base::Result<std::string> reset_caches(const ControlPlane& plane,
                                                       const EngineSpec& /*spec*/) const override {
    return flush_sglang_cache(plane);
  }

  [[nodiscard]] Discovery discover() const override { return discover_python(package()); }

 private:
  /// Its images have the package without a name of the command that every version knows.
  static base::Result<std::vector<std::string>> program(const EngineSpec& spec) {
    if (!spec.image.empty()) {
      return std::vector<std::string>{"python3", "-m", "sglang.launch_server"};
    }
    return python_program(package(), spec);
  }
};

}  // namespace

const EngineAdapter& sglang_adapter() {
  static const Sglang adapter;
  return adapter;
}

}  // namespace tokamark::engine
