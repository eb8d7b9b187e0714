#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"
#include "setup/download_size.h"
#include "setup/progress.h"
#include "setup/recipes.h"

namespace tokamark::setup {

/// A Python interpreter that can make environments.
struct Interpreter {
  std::filesystem::path program;
  int minor = 0;  ///< of 3.minor
};

/// Whether Python itself must be able to make environments; uv makes them without it.
enum class VenvModule { needed, not_needed };

/// The newest interpreter of the range that is found as python3.N on PATH, among pyenv's versions,
/// or as python3. Errors of kind `engine` say which versions would do.
base::Result<Interpreter> find_interpreter(const PythonRange& range, VenvModule module);

/// Makes a Python environment and installs into it: with uv where PATH has it, else with the pip
/// of the environment. A recipe with overrides needs uv, and gets one beside the environment.
class Installer {
 public:
  /// Looks for the programs. Errors of kind `engine`.
  static base::Result<Installer> find(const Recipe& recipe, const std::filesystem::path& folder,
                                      Progress& progress);

  [[nodiscard]] InstallTool tool() const {
    return uv_.empty() ? InstallTool::pip : InstallTool::uv;
  }
  /// Name and version of Python and the tool, for people.
  [[nodiscard]] std::string text() const;

  /// The bare environment in `folder`, whose other files stay.
  base::Result<void> make_bare(Progress& progress) const;
  /// Resolves the recipe's requirements and adds up the files that they mean. Downloads metadata
  /// alone, where the index offers it.
  base::Result<DownloadSize> measure(Progress& progress) const;
  /// Where the tool keeps what it has downloaded; empty when it does not say.
  [[nodiscard]] std::filesystem::path cache() const;
  base::Result<void> install(Progress& progress) const;

 private:
  Installer(const Recipe& recipe, const std::filesystem::path& folder, Interpreter interpreter);
  [[nodiscard]] std::filesystem::path python() const { return folder_ / "bin" / "python"; }
  base::Result<void> get_uv(Progress& progress);
  [[nodiscard]] base::Result<void> write_inputs() const;

  Recipe recipe_;
  std::filesystem::path folder_;
  Interpreter interpreter_;
  std::filesystem::path uv_;  ///< empty = pip
};

}  // namespace tokamark::setup
