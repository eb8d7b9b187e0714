#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "engine/spec.h"

namespace tokamark::engine {

/// Whether the user's arguments hold one of the flags, as "--flag", "--flag=value" or "-f";
/// '_' and '-' inside a name are the same.
bool has_flag(const std::vector<std::string>& args, const std::vector<std::string_view>& flags);

/// An error of kind `study` when `args` holds a flag that a field of the study sets.
base::Result<void> refuse_flags(const EngineSpec& spec, const std::vector<std::string_view>& flags);

/// Appends `words` unless the user's arguments already hold `words[0]` or one of `equals`, which
/// set the same thing.
void add_unless_given(std::vector<std::string>& argv, const EngineSpec& spec,
                      const std::vector<std::string>& words,
                      const std::vector<std::string_view>& equals = {});

/// The first executable file of that name in the folders of PATH.
std::optional<std::filesystem::path> find_on_path(const std::string& program);

/// `binary` as an absolute path: a name is looked up on PATH, a path must be an executable file.
/// Errors of kind `engine` name it and the engine.
base::Result<std::filesystem::path> resolve_binary(const EngineSpec& spec);

/// `venv`/bin/python, which must be there. Errors of kind `engine`.
base::Result<std::filesystem::path> venv_python(const EngineSpec& spec);

/// The site-packages folder of a Python environment.
std::optional<std::filesystem::path> site_packages(const std::filesystem::path& venv);

/// The version of an installed distribution, from its dist-info folder's name; the name's '-' and
/// '_' are the same.
std::optional<std::string> distribution_version(const std::filesystem::path& venv,
                                                const std::string& distribution);

/// What to load: the engine's own `model`, else the model's `path`, else its `name`.
std::string model_location(const EngineSpec& spec, const ModelSpec& model);

/// Whether the text is meant as a file or folder of this machine and not as a hub id.
bool looks_like_path(const std::string& text);

/// Python environments worth looking at: $VIRTUAL_ENV, and the folders in "environments" and
/// ".cache/engines" here and in $TOKAMARK_ENVIRONMENTS.
std::vector<std::filesystem::path> known_environments();

}  // namespace tokamark::engine
