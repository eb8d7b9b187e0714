#include <fmt/format.h>

#include "engine/adapter.h"
#include "engine/flag_writer.h"
#include "engine/launch_line.h"
#include "engine/xllamacpp_launcher.h"

namespace tokamark::engine {

namespace {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;

constexpr const char* kInstall =
    "install it with `python3 -m venv DIR && DIR/bin/pip install xllamacpp` and set `venv: DIR`, "
    "or set `binary` to a llama-server";

bool has_wheel(const fs::path& venv) {
  const auto packages = site_packages(venv);
  std::error_code failed;
  return packages && fs::is_directory(*packages / "xllamacpp", failed);
}

/// Which of the two forms of the server runs.
enum class Form { binary, wheel };

struct Program {
  Form form = Form::binary;
  std::vector<std::string> words;
};

base::Result<Program> program(const EngineSpec& spec) {
  if (!spec.binary.empty()) {
    TOKAMARK_TRY(const fs::path binary, resolve_binary(spec));
    return Program{Form::binary, {binary.string()}};
  }
  if (!spec.venv.empty()) {
    TOKAMARK_TRY(const fs::path python, venv_python(spec));
    if (!has_wheel(spec.venv)) {
      return Error{ErrorKind::engine,
                   fmt::format("engine \"{}\": no xllamacpp in venv {}; install it with "
                               "`{}/bin/pip install xllamacpp`, or set `binary`",
                               spec.name, spec.venv, spec.venv)};
    }
    TOKAMARK_TRY(const fs::path launcher, xllamacpp_launcher_file());
    return Program{Form::wheel, {python.string(), launcher.string()}};
  }
  if (const auto found = find_on_path("llama-server")) {
    return Program{Form::binary, {found->string()}};
  }
  return Error{ErrorKind::engine,
               fmt::format("engine \"{}\": llama-server is not on PATH; {}", spec.name, kInstall)};
}

/// "-m FILE", or "-hf REPOSITORY" for a hub id.
base::Result<std::vector<std::string>> model_words(const EngineSpec& spec, const ModelSpec& model,
                                                   Form form) {
  const std::string location = model_location(spec, model);
  std::error_code failed;
  if (fs::is_regular_file(location, failed)) {
    return std::vector<std::string>{"-m", fs::absolute(location).string()};
  }
  const bool hub_id = !looks_like_path(location) && location.find('/') != std::string::npos;
  if (hub_id && form == Form::binary) return std::vector<std::string>{"-hf", location};
  return Error{ErrorKind::engine,
               fmt::format("engine \"{}\": model {} is not a file; set this engine's `model` to a "
                           "GGUF file",
                           spec.name, location)};
}

const std::vector<SettingFlag>& flags() {
  // It has no cache of 8-bit floats.
  static const std::map<std::string, std::string> kCacheWords{{"fp8", ""}, {"auto", "f16"}};
  static const std::vector<SettingFlag> table{
      {Setting::kv_cache_dtype, {"--cache-type-k", "-ctk"}, {}, {}, kCacheWords},
      {Setting::max_sequences, {"-np", "--parallel"}},
      {Setting::max_batch_tokens, {"-b", "--batch-size"}},
      {Setting::prefix_cache, {"--cache-prompt"}, {"--no-cache-prompt"}},
      {Setting::seed, {"-s", "--seed"}},
  };
  return table;
}

const std::vector<FixedSetting>& always() {
  static const std::vector<FixedSetting> settings{{Setting::model_sampling, false},
                                                  {Setting::chunked_prefill, true},
                                                  {Setting::stream_interval, 1},
                                                  {Setting::dummy_weights, false},
                                                  {Setting::tensor_parallel, 1}};
  return settings;
}

/// -c is the whole cache: with -np it is split into one part for each sequence.
void write_context(FlagWriter& writer, const EngineSpec& spec) {
  const auto whole = writer.value(Setting::kv_cache_tokens);
  const auto one = writer.value(Setting::context_tokens);
  const auto sequences = writer.value(Setting::max_sequences);
  std::optional<std::int64_t> tokens;
  if (one) tokens = one->get<std::int64_t>() * (sequences ? sequences->get<std::int64_t>() : 1);
  if (whole) tokens = whole->get<std::int64_t>();
  if (tokens && !has_flag(spec.args, {"-c", "--ctx-size"})) {
    writer.write_value(whole ? Setting::kv_cache_tokens : Setting::context_tokens,
                       {"-c", "--ctx-size"}, std::to_string(*tokens));
  }
  // One cache for all sequences, of which each may take as much as it needs, as in other engines.
  if (whole && sequences) writer.add({"-kvu"}, {"--kv-unified"});
  writer.done(Setting::context_tokens);
  writer.done(Setting::kv_cache_tokens);
}

void write_flags(FlagWriter& writer, const EngineSpec& spec) {
  writer.write(flags());
  const auto cache = writer.value(Setting::kv_cache_dtype);
  if (cache && cache != "fp8") {
    writer.write_value(Setting::kv_cache_dtype, {"--cache-type-v", "-ctv"},
                       cache == "auto" ? "f16" : flag_text(*cache));
  }
  write_context(writer, spec);
  // A second cache, in main memory, that no other engine has.
  if (writer.value(Setting::prefix_cache) == false) writer.add({"--cache-ram", "0"}, {"-cram"});
  writer.add({"--metrics"});
  writer.add({"--slots"}, {"--no-slots"});
  writer.settle(always());
}

/// Whether the study keeps the cache of prompts: by default it does not.
bool keeps_prompts(const EngineSpec& spec) {
  if (has_flag(spec.args, {"--cache-prompt"})) return true;
  return !has_flag(spec.args, {"--no-cache-prompt"}) &&
         value_of(spec, Setting::prefix_cache) != false;
}

class LlamaCpp final : public EngineAdapter {
 public:
  [[nodiscard]] std::string_view kind() const override { return "llama-cpp"; }
  [[nodiscard]] std::uint16_t default_port() const override { return 8080; }

  [[nodiscard]] base::Result<LaunchCommand> launch(const EngineSpec& spec, const ModelSpec& model,
                                                   const LaunchContext& context) const override {
    TOKAMARK_TRY_VOID(
        refuse_flags(spec, {"--host", "--port", "-m", "--model", "-hf", "-a", "--alias"}));
    TOKAMARK_TRY(const Program found, program(spec));
    TOKAMARK_TRY(const auto model_flag, model_words(spec, model, found.form));
    LaunchCommand command;
    command.argv = found.words;
    auto& argv = command.argv;
    argv.insert(argv.end(), model_flag.begin(), model_flag.end());
    for (const std::string& word : {std::string("--host"), spec.host, std::string("--port"),
                                    std::to_string(spec.port), std::string("-a"), model.name}) {
      argv.push_back(word);
    }
    FlagWriter writer(spec, context.help);
    write_flags(writer, spec);
    if (writer.error()) return *writer.error();
    argv.insert(argv.end(), writer.words().begin(), writer.words().end());
    argv.insert(argv.end(), spec.args.begin(), spec.args.end());
    command.notes = writer.notes();
    command.env = spec.env;
    return command;
  }

  [[nodiscard]] std::optional<LaunchCommand> help_call(const EngineSpec& spec) const override {
    auto found = program(spec);
    if (found.has_error()) return std::nullopt;
    found.value().words.emplace_back("--help");
    LaunchCommand command;
    command.argv = std::move(found.value().words);
    command.env = spec.env;
    return command;
  }

  [[nodiscard]] RequestFields fields(const EngineSpec& spec) const override {
    RequestFields fields;
    fields.ignore_eos = true;
    fields.cache_prompt_off = !keeps_prompts(spec);
    return fields;
  }

  [[nodiscard]] EngineFacts facts(const EngineSpec& /*spec*/, const ControlPlane& plane,
                                  std::string_view log) const override {
    EngineFacts facts = probe_facts(plane);
    if (const auto models = plane.get_json("/v1/models"); models.has_value()) {
      const auto place = "/data/0/meta"_json_pointer;
      if (models.value().contains(place)) {
        facts.effective_config["model_meta"] = models.value()[place];
      }
    }
    // The wheel's build calls itself "b0-unknown"; its launcher prints the package's version.
    constexpr std::string_view kPackage = "package: xllamacpp ";
    const std::size_t at = log.find(kPackage);
    if (at != std::string_view::npos) {
      const std::string_view rest = log.substr(at + kPackage.size());
      facts.version = rest.substr(0, rest.find('\n'));
      facts.effective_config["package"] = "xllamacpp";
    }
    return facts;
  }

  void read_settings(const SettingsEvidence& evidence, EffectiveSettings& settings) const override {
    read_flags(flags(), evidence.command.argv, settings);
    read_always(always(), settings);
    const auto& props = evidence.facts.effective_config;
    const auto slots = props.value("total_slots", nlohmann::json());
    const auto one =
        props.value("/default_generation_settings/n_ctx"_json_pointer, nlohmann::json());
    if (slots.is_number_integer()) settings["max_sequences"] = {slots, "server"};
    if (one.is_number_integer()) settings["context_tokens"] = {one, "server"};
    // Each slot has a part of the cache, or all of them share it.
    if (slots.is_number_integer() && one.is_number_integer()) {
      const bool shared = evidence.log.find("kv_unified = 'true'") != std::string_view::npos;
      settings["kv_cache_tokens"] = {
          one.get<std::int64_t>() * (shared ? 1 : slots.get<std::int64_t>()), "server"};
    }
    const std::vector<FixedSetting> defaults{{Setting::kv_cache_dtype, "f16"}};
    read_defaults(defaults, settings);
    const auto type = props.value("/model_meta/ftype"_json_pointer, nlohmann::json());
    if (type.is_string()) settings["dtype"] = {type_word(type.get<std::string>()), "server"};
    settings["prefix_cache"] = {keeps_prompts(evidence.spec), "flag"};
  }

  [[nodiscard]] base::Result<std::string> reset_caches(const ControlPlane& plane,
                                                       const EngineSpec& spec) const override {
    if (!keeps_prompts(spec)) {
      return std::string("nothing to reset: started with the prompt cache off");
    }
    return erase_llama_slots(plane);
  }

  [[nodiscard]] Discovery discover() const override {
    if (const auto binary = find_on_path("llama-server")) {
      return {"llama-cpp", true, binary->string(), "", ""};
    }
    for (const fs::path& venv : known_environments()) {
      if (!has_wheel(venv)) continue;
      const auto version = distribution_version(venv, "xllamacpp");
      return {"llama-cpp", true, venv.string(), "xllamacpp " + version.value_or("?"),
              fmt::format("use it with `venv: {}`", venv.string())};
    }
    return {"llama-cpp", false, "-", "", kInstall};
  }
};

}  // namespace

const EngineAdapter& llama_cpp_adapter() {
  static const LlamaCpp adapter;
  return adapter;
}

}  // namespace tokamark::engine
