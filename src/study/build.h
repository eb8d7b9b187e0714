#pragma once

#include <filesystem>

#include "base/error.h"
#include "study/check.h"
#include "study/study.h"

namespace tokamark::study {

/// Turns a checked study into a Study, and holds its parts against each other: unique names,
/// levels with enough requests, loads and arrivals, lengths and salts, prompts files that exist.
/// Relative paths are resolved against `folder`. Errors are placed like those of `check_tree`.
base::Result<Study> build_study(const CheckedStudy& checked, const Source& source,
                                const std::filesystem::path& folder);

/// Why a load level cannot be measured in this window, or "": a closed level whose window may
/// hold fewer requests than its concurrency never reaches it.
std::string level_problem(const workload::LoadShape& load, const WindowSpec& window);

/// `path` resolved against `folder`; "~/" is the user's home folder.
std::filesystem::path resolved_path(const std::string& path, const std::filesystem::path& folder);

/// A model's path: resolved like any path when it says so ("/", "./", "../", "~/") or exists in
/// `folder`, else a hub id that stays as it is.
std::string resolved_model(const std::string& model, const std::filesystem::path& folder);

}  // namespace tokamark::study
