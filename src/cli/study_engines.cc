#include "cli/study_engines.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace tokamark::cli {

namespace fs = std::filesystem;

base::Result<study::Study> study_with_engines(const std::string& file,
                                              const std::vector<std::string>& names) {
  TOKAMARK_TRY(study::Study study, study::load_study(file, {}));
  if (names.empty()) return study;
  std::vector<engine::EngineSpec> kept;
  for (const std::string& name : names) {
    const auto found =
        std::find_if(study.engines.begin(), study.engines.end(),
                     [&name](const engine::EngineSpec& spec) { return spec.name == name; });
    if (found == study.engines.end()) {
      return base::Error{base::ErrorKind::usage,
                         fmt::format("{} has no engine \"{}\"; correct --engine", file, name)};
    }
    kept.push_back(*found);
  }
  study.engines = std::move(kept);
  return study;
}

fs::path folder_path(const fs::path& folder) {
  std::error_code failed;
  const fs::path whole = fs::absolute(folder, failed).lexically_normal();
  return whole.has_filename() ? whole : whole.parent_path();
}

}  // namespace tokamark::cli
