#include "setup/installer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/files.h"
#include "base/program.h"
#include "base/text.h"
#include "engine/launch_line.h"
#include "setup/embedded.h"

namespace tokamark::setup {

namespace {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;

constexpr const char* kRequirements = "requirements.in";
constexpr const char* kOverrides = "overrides.txt";

/// The minor version of Python 3 that this program is, or 0 when it lacks what is needed.
int minor_of(const std::string& program, VenvModule module) {
  base::ProgramCall call;
  call.argv = {program, "-c",
               fmt::format("import ssl, sys{}; print(sys.version_info[1] if sys.version_info[0] == "
                           "3 else 0)",
                           module == VenvModule::needed ? ", ensurepip, venv" : "")};
  const auto end = base::run_program(call);
  if (end.has_error() || end.value().exit_code != 0) return 0;
  return std::atoi(end.value().output.c_str());
}

std::vector<std::string> candidates(const PythonRange& range) {
  std::vector<std::string> names;
  for (int minor = range.newest; minor >= range.oldest; --minor) {
    names.push_back(fmt::format("python3.{}", minor));
  }
  if (const char* home = std::getenv("HOME")) {
    std::vector<std::string> found;
    std::error_code failed;
    for (fs::directory_iterator it(fs::path(home) / ".pyenv" / "versions", failed), end;
         !failed && it != end; it.increment(failed)) {
      found.push_back((it->path() / "bin" / "python3").string());
    }
    std::sort(found.rbegin(), found.rend());
    names.insert(names.end(), found.begin(), found.end());
  }
  names.emplace_back("python3");
  return names;
}

base::ProgramCall call_of(std::vector<std::string> words) {
  base::ProgramCall call;
  call.argv = std::move(words);
  call.env = {{"PIP_DISABLE_PIP_VERSION_CHECK", "1"}, {"PIP_NO_INPUT", "1"}, {"NO_COLOR", "1"}};
  return call;
}

std::string lines_of(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += word + "\n";
  return text;
}

}  // namespace

base::Result<Interpreter> find_interpreter(const PythonRange& range, VenvModule module) {
  for (const std::string& name : candidates(range)) {
    const bool is_path = name.find('/') != std::string::npos;
    const auto program = is_path ? std::optional<fs::path>(name) : engine::find_on_path(name);
    if (!program) continue;
    const int minor = minor_of(program->string(), module);
    if (minor >= range.oldest && minor <= range.newest) return Interpreter{*program, minor};
  }
  const std::string versions = range.oldest == range.newest
                                   ? fmt::format("3.{}", range.oldest)
                                   : fmt::format("3.{} to 3.{}", range.oldest, range.newest);
  return Error{
      ErrorKind::engine,
      fmt::format("no Python {}{} on PATH or among pyenv's versions; install one, as with "
                  "`apt-get install python3-venv` where the system's own is in that range, "
                  "or with `pyenv install 3.{}`",
                  versions, module == VenvModule::needed ? " with its venv module" : "",
                  range.newest)};
}

Installer::Installer(const Recipe& recipe, const fs::path& folder, Interpreter interpreter)
    : recipe_(recipe), folder_(folder), interpreter_(std::move(interpreter)) {}

base::Result<Installer> Installer::find(const Recipe& recipe, const fs::path& folder,
                                        Progress& progress) {
  const auto uv = engine::find_on_path("uv");
  const VenvModule module = uv ? VenvModule::not_needed : VenvModule::needed;
  TOKAMARK_TRY(Interpreter interpreter, find_interpreter(recipe.python, module));
  Installer installer(recipe, folder, std::move(interpreter));
  if (uv) {
    installer.uv_ = *uv;
  } else if (!recipe.overrides.empty()) {
    TOKAMARK_TRY_VOID(installer.get_uv(progress));
  }
  return installer;
}

base::Result<void> Installer::get_uv(Progress& progress) {
  const fs::path place = folder_.parent_path() / ".uv";
  const fs::path program = place / "bin" / "uv";
  std::error_code failed;
  if (!fs::exists(program, failed)) {
    TOKAMARK_TRY_VOID(progress.run_well(
        "uv: environment", call_of({interpreter_.program.string(), "-m", "venv", place.string()})));
    TOKAMARK_TRY_VOID(progress.run_well("uv: install", call_of({(place / "bin" / "python").string(),
                                                                "-m", "pip", "install", "uv"})));
  }
  uv_ = program;
  return base::ok();
}

std::string Installer::text() const {
  return fmt::format("{} (3.{}), {}", interpreter_.program.string(), interpreter_.minor,
                     uv_.empty() ? "pip" : uv_.string());
}

base::Result<void> Installer::write_inputs() const {
  TOKAMARK_TRY_VOID(
      base::write_file_atomic(folder_ / kRequirements, lines_of(recipe_.requirements)));
  return base::write_file_atomic(folder_ / kOverrides, lines_of(recipe_.overrides));
}

base::Result<void> Installer::make_bare(Progress& progress) const {
  TOKAMARK_TRY_VOID(write_inputs());
  if (!uv_.empty()) {
    TOKAMARK_TRY_VOID(
        progress.run_well(recipe_.kind + ": environment",
                          call_of({uv_.string(), "venv", "--quiet", "--seed", "--allow-existing",
                                   "--python", interpreter_.program.string(), folder_.string()})));
    return base::ok();
  }
  TOKAMARK_TRY_VOID(
      progress.run_well(recipe_.kind + ": environment",
                        call_of({interpreter_.program.string(), "-m", "venv", folder_.string()})));
  // Older ones download every package to read its metadata.
  TOKAMARK_TRY_VOID(progress.run_well(
      recipe_.kind + ": pip",
      call_of({python().string(), "-m", "pip", "install", "--quiet", "--upgrade", "pip"})));
  return base::ok();
}

base::Result<DownloadSize> Installer::measure(Progress& progress) const {
  const std::string label = recipe_.kind + ": what it needs";
  fs::path answer = folder_ / "report.json";
  if (!uv_.empty()) {
    answer = folder_ / "pylock.toml";
    TOKAMARK_TRY_VOID(progress.run_well(
        label,
        call_of({uv_.string(), "pip", "compile", "--quiet", "--format", "pylock.toml", "--python",
                 python().string(), "--override", (folder_ / kOverrides).string(), "--output-file",
                 answer.string(), (folder_ / kRequirements).string()})));
  } else {
    TOKAMARK_TRY_VOID(progress.run_well(
        label, call_of({python().string(), "-m", "pip", "install", "--dry-run",
                        "--ignore-installed", "--use-feature=fast-deps", "--report",
                        answer.string(), "--requirement", (folder_ / kRequirements).string()})));
  }
  TOKAMARK_TRY(
      const std::string output,
      progress.run_well(recipe_.kind + ": sizes",
                        call_of({python().string(), "-c", std::string(package_sizes_script()),
                                 uv_.empty() ? "pip" : "uv", answer.string()})));
  // Warnings may stand before and after the one line of JSON.
  const std::size_t start = output.rfind("\n[") + 1;
  return read_package_sizes(
      std::string_view(output).substr(start, output.find('\n', start) - start));
}

fs::path Installer::cache() const {
  const auto end =
      base::run_program(uv_.empty() ? call_of({python().string(), "-m", "pip", "cache", "dir"})
                                    : call_of({uv_.string(), "cache", "dir"}));
  if (end.has_error() || end.value().exit_code != 0) return {};
  const std::string& text = end.value().output;
  return text.substr(0, text.find_last_not_of(" \r\n") + 1);
}

base::Result<void> Installer::install(Progress& progress) const {
  const std::string requirements = (folder_ / kRequirements).string();
  auto call =
      uv_.empty()
          ? call_of({python().string(), "-m", "pip", "install", "--progress-bar", "off",
                     "--requirement", requirements})
          : call_of({uv_.string(), "pip", "install", "--python", python().string(), "--override",
                     (folder_ / kOverrides).string(), "--requirement", requirements});
  TOKAMARK_TRY_VOID(progress.run_well(recipe_.kind + ": install", std::move(call)));
  return base::ok();
}

}  // namespace tokamark::setup
