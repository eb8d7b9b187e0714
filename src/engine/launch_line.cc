#include "engine/launch_line.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "engine/engine.h"

namespace tokamark::engine {

namespace {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;

std::string dashed(std::string_view text) {
  std::string out(text);
  std::replace(out.begin(), out.end(), '_', '-');
  return out;
}

bool is_program(const fs::path& path) {
  std::error_code failed;
  return fs::is_regular_file(path, failed) && ::access(path.c_str(), X_OK) == 0;
}

std::string quoted(const std::string& word) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%_-+=:,./";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) return word;
  std::string out = "'";
  for (const char c : word) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

/// Values of such variables are passwords and keys; they go into no file and on no screen.
bool is_secret(const std::string& name) {
  for (const char* part : {"KEY", "TOKEN", "SECRET", "PASSWORD", "CREDENTIAL"}) {
    if (name.find(part) != std::string::npos) return true;
  }
  return false;
}

/// A variable's value in a shell line. A PATH that only gained folders in front says so.
std::string shown(const std::string& name, const std::string& value) {
  if (is_secret(name)) return "***";
  const char* inherited = name == "PATH" ? std::getenv("PATH") : nullptr;
  const std::string end = inherited != nullptr ? std::string(":") + inherited : "";
  const bool extended = !end.empty() && value.size() > end.size() &&
                        value.compare(value.size() - end.size(), end.size(), end) == 0;
  if (!extended) return quoted(value);
  return quoted(value.substr(0, value.size() - end.size())) + ":\"$PATH\"";
}

}  // namespace

std::string LaunchCommand::shell_line() const {
  std::string line;
  for (const auto& [name, value] : env) line += fmt::format("{}={} ", name, shown(name, value));
  for (const std::string& word : argv) line += quoted(word) + " ";
  if (!line.empty()) line.pop_back();
  return line;
}

bool has_flag(const std::vector<std::string>& args, const std::vector<std::string_view>& flags) {
  for (const std::string& arg : args) {
    const std::string name = dashed(std::string_view(arg).substr(0, arg.find('=')));
    for (const std::string_view flag : flags) {
      if (name == dashed(flag)) return true;
    }
  }
  return false;
}

base::Result<void> refuse_flags(const EngineSpec& spec,
                                const std::vector<std::string_view>& flags) {
  for (const std::string_view flag : flags) {
    if (!has_flag(spec.args, {flag})) continue;
    return Error{ErrorKind::study,
                 fmt::format("engine \"{}\": args holds {}, which tokamark sets itself; use the "
                             "engine's `host`, `port` or `model`, or the study's `model.name`",
                             spec.name, flag)};
  }
  return base::ok();
}

void add_unless_given(std::vector<std::string>& argv, const EngineSpec& spec,
                      const std::vector<std::string>& words,
                      const std::vector<std::string_view>& equals) {
  if (has_flag(spec.args, {words.front()}) || has_flag(spec.args, equals)) return;
  argv.insert(argv.end(), words.begin(), words.end());
}

std::optional<fs::path> find_on_path(const std::string& program) {
  const char* path = std::getenv("PATH");
  std::string_view rest = path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin";
  while (!rest.empty()) {
    const std::size_t end = rest.find(':');
    const fs::path candidate = fs::path(rest.substr(0, end)) / program;
    if (is_program(candidate)) return candidate;
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  return std::nullopt;
}

base::Result<fs::path> resolve_binary(const EngineSpec& spec) {
  if (spec.binary.find('/') == std::string::npos) {
    if (auto found = find_on_path(spec.binary)) return *found;
    return Error{ErrorKind::engine, fmt::format("engine \"{}\": binary {} is not on PATH; give its "
                                                "full path",
                                                spec.name, spec.binary)};
  }
  if (is_program(spec.binary)) return fs::absolute(spec.binary);
  return Error{ErrorKind::engine,
               fmt::format("engine \"{}\": binary {} is not an executable file; correct `binary`",
                           spec.name, spec.binary)};
}

base::Result<fs::path> venv_python(const EngineSpec& spec) {
  // Not resolved through symlinks: Python finds its environment by the path it is started with.
  const fs::path python = fs::absolute(fs::path(spec.venv)) / "bin" / "python";
  if (is_program(python)) return python;
  return Error{ErrorKind::engine,
               fmt::format("engine \"{}\": venv {} holds no bin/python; make it with `tokamark "
                           "setup {} --folder {}`, or correct `venv`",
                           spec.name, spec.venv, spec.kind, spec.venv)};
}

std::optional<fs::path> site_packages(const fs::path& venv) {
  std::error_code failed;
  for (fs::directory_iterator it(venv / "lib", failed), end; !failed && it != end;
       it.increment(failed)) {
    const fs::path packages = it->path() / "site-packages";
    std::error_code missing;
    if (fs::is_directory(packages, missing)) return packages;
  }
  return std::nullopt;
}

std::optional<std::string> distribution_version(const fs::path& venv,
                                                const std::string& distribution) {
  const auto packages = site_packages(venv);
  if (!packages) return std::nullopt;
  constexpr std::string_view kSuffix = ".dist-info";
  std::error_code failed;
  for (fs::directory_iterator it(*packages, failed), end; !failed && it != end;
       it.increment(failed)) {
    const std::string folder = it->path().filename().string();
    const std::size_t dash = folder.find('-');
    if (dash == std::string::npos || folder.size() < dash + kSuffix.size() + 1) continue;
    if (folder.substr(folder.size() - kSuffix.size()) != kSuffix) continue;
    if (dashed(folder.substr(0, dash)) != dashed(distribution)) continue;
    return folder.substr(dash + 1, folder.size() - dash - 1 - kSuffix.size());
  }
  return std::nullopt;
}

std::string model_location(const EngineSpec& spec, const ModelSpec& model) {
  if (!spec.model.empty()) return spec.model;
  return model.path.empty() ? model.name : model.path;
}

bool looks_like_path(const std::string& text) {
  const fs::path path(text);
  const std::string first = path.begin() == path.end() ? "" : path.begin()->string();
  return path.is_absolute() || first == "." || first == ".." || first == "~" ||
         path.extension() == ".gguf";
}

std::vector<fs::path> known_environments() {
  std::vector<fs::path> found;
  if (const char* active = std::getenv("VIRTUAL_ENV")) found.emplace_back(active);
  std::vector<fs::path> parents{"environments", ".cache/engines"};
  if (const char* more = std::getenv("TOKAMARK_ENVIRONMENTS")) parents.emplace_back(more);
  for (const fs::path& parent : parents) {
    std::vector<fs::path> folders;
    std::error_code failed;
    for (fs::directory_iterator it(parent, failed), end; !failed && it != end;
         it.increment(failed)) {
      if (is_program(it->path() / "bin" / "python")) folders.push_back(it->path());
    }
    std::sort(folders.begin(), folders.end());
    found.insert(found.end(), folders.begin(), folders.end());
  }
  return found;
}

}  // namespace tokamark::engine
