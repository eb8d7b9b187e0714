#include <fmt/format.h>

#include "engine/adapter.h"
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

class LlamaCpp final : public EngineAdapter {
 public:
  [[nodiscard]] std::string_view kind() const override { return "llama-cpp"; }
  [[nodiscard]] std::uint16_t default_port() const override { return 8080; }

  [[nodiscard]] base::Result<LaunchCommand> launch(const EngineSpec& spec,
                                                   const ModelSpec& model) const override {
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
    // Same conditions for every engine: no cached prefix; and the routes that are read back.
    add_unless_given(argv, spec, {"--no-cache-prompt"}, {"--cache-prompt"});
    add_unless_given(argv, spec, {"--cache-ram", "0"}, {"-cram"});
    add_unless_given(argv, spec, {"--metrics"});
    add_unless_given(argv, spec, {"--slots"}, {"--no-slots"});
    argv.insert(argv.end(), spec.args.begin(), spec.args.end());
    command.env = spec.env;
    return command;
  }

  [[nodiscard]] RequestFields fields(const EngineSpec& spec) const override {
    RequestFields fields;
    fields.ignore_eos = true;
    fields.cache_prompt_off = !has_flag(spec.args, {"--cache-prompt"});
    return fields;
  }

  [[nodiscard]] EngineFacts facts(const ControlPlane& plane, std::string_view log) const override {
    EngineFacts facts = probe_facts(plane);
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

  [[nodiscard]] base::Result<std::string> reset_caches(const ControlPlane& plane,
                                                       const EngineSpec& spec) const override {
    if (!has_flag(spec.args, {"--cache-prompt"})) {
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
