#include "engine/python_engine.h"

#include <fmt/format.h>

#include <cstdlib>

#include "engine/launch_line.h"

namespace tokamark::engine {

namespace {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;

bool has_package(const PythonEngine& engine, const fs::path& venv) {
  const auto packages = site_packages(venv);
  std::error_code failed;
  return packages && fs::is_directory(*packages / engine.package, failed);
}

std::vector<std::string> joined(const std::string& first, const std::vector<std::string>& more) {
  std::vector<std::string> words{first};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

base::Result<std::vector<std::string>> program_of_venv(const PythonEngine& engine,
                                                       const EngineSpec& spec) {
  TOKAMARK_TRY(const fs::path python, venv_python(spec));
  const fs::path venv = fs::absolute(spec.venv);
  const fs::path script = python.parent_path() / engine.script;
  std::error_code failed;
  if (fs::exists(script, failed) && distribution_version(venv, engine.distributions.front())) {
    return joined(script.string(), engine.script_words);
  }
  if (has_package(engine, venv) && !engine.module_words.empty()) {
    return joined(python.string(), engine.module_words);
  }
  return Error{ErrorKind::engine,
               fmt::format("engine \"{}\": no {} in venv {}; install it with `tokamark setup {} "
                           "--folder {}`, or `{}/bin/pip install {}`",
                           spec.name, engine.title, spec.venv, engine.kind, spec.venv, spec.venv,
                           engine.install)};
}

std::string how_to_install(const PythonEngine& engine) {
  return fmt::format(
      "install it with `tokamark setup {}`, or into an environment of its own with "
      "`pip install {}`, and set `venv: DIR`",
      engine.kind, engine.install);
}

}  // namespace

base::Result<std::vector<std::string>> python_program(const PythonEngine& engine,
                                                      const EngineSpec& spec) {
  if (!spec.image.empty()) return joined(engine.script, engine.script_words);
  if (!spec.binary.empty()) {
    TOKAMARK_TRY(const fs::path binary, resolve_binary(spec));
    return joined(binary.string(), engine.script_words);
  }
  if (!spec.venv.empty()) return program_of_venv(engine, spec);
  if (const auto found = find_on_path(engine.script)) {
    return joined(found->string(), engine.script_words);
  }
  return Error{ErrorKind::engine, fmt::format("engine \"{}\": {} is not on PATH; {}", spec.name,
                                              engine.script, how_to_install(engine))};
}

bool starts_module(const std::vector<std::string>& program) {
  return program.size() > 1 && program[1] == "-m";
}

std::map<std::string, std::string> venv_environment(const EngineSpec& spec) {
  if (spec.venv.empty() || !spec.image.empty()) return {};
  const char* path = std::getenv("PATH");
  return {{"PATH", (fs::absolute(spec.venv) / "bin").string() + ":" +
                       (path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin")}};
}

Discovery discover_python(const PythonEngine& engine) {
  for (const fs::path& venv : known_environments()) {
    if (!has_package(engine, venv)) continue;
    std::string version;
    for (const char* name : engine.distributions) {
      if (version.empty()) version = distribution_version(venv, name).value_or("");
    }
    return {engine.kind, true, venv.string(), version,
            fmt::format("use it with `venv: {}`", venv.string())};
  }
  if (const auto binary = find_on_path(engine.script)) {
    return {engine.kind, true, binary->string(), "", ""};
  }
  return {engine.kind, false, "-", "", how_to_install(engine)};
}

}  // namespace tokamark::engine
