#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"
#include "study/study.h"

namespace tokamark::cli {

/// The study with only the named engines of it; no names = all. Errors have kind `study`, and
/// `usage` for a name that it does not have.
base::Result<study::Study> study_with_engines(const std::string& file,
                                              const std::vector<std::string>& names);

/// The folder as an absolute path without a slash at its end.
std::filesystem::path folder_path(const std::filesystem::path& folder);

}  // namespace tokamark::cli
