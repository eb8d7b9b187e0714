#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/error.h"
#include "setup/installer.h"
#include "setup/progress.h"
#include "setup/recipes.h"

namespace tokamark::setup {

/// Whether things are done, or only said.
enum class Extent { look, make };
/// What becomes of another environment that was made here before.
enum class Existing { keep, replace };

struct EnvironmentOrder {
  std::filesystem::path folder;
  Recipe recipe;
  Extent extent = Extent::make;
  Existing existing = Existing::keep;
};

/// The version of the recipe's engine in a folder that is not being made, whoever made it; nothing
/// when there is none, or another one than `version`, which may be empty for any.
std::optional<std::string> engine_present(const std::filesystem::path& folder, const Recipe& recipe,
                                          const std::string& version);

/// Makes the environment, or says what that would download. A folder is whole when its READY names
/// the recipe's pins; then nothing is done. One that an earlier call left unfinished is made anew:
/// what was downloaded is in the installer's cache. A folder that this did not make is never
/// touched. One call works on a folder at a time. Errors: `usage` for a folder that is not to be
/// touched, `output` for the disk or a folder in use, `engine` for what cannot be found or
/// installed, `interrupted`.
base::Result<void> set_up_environment(const EnvironmentOrder& order, Progress& progress);

}  // namespace tokamark::setup
