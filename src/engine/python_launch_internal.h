#pragma once

#include "engine/adapter.h"
#include "engine/container.h"
#include "engine/python_engine.h"

// Steps that the adapters of Python engines share.
namespace tokamark::engine {

void append(std::vector<std::string>& words, const std::vector<std::string>& more);

/// A local model folder must be there; kind `engine`.
base::Result<void> check_model_folder(const EngineSpec& spec, const ModelSpec& model);

/// Where the engine finds the model: as it is, or mounted for an image.
MountedModel model_place(const EngineSpec& spec, const ModelSpec& model);

/// The command as it is, or in its image.
base::Result<LaunchCommand> finished(const EngineSpec& spec, ContainerCommand command);

/// The program followed by `words`, in its image if it has one; empty when the program is missing.
std::optional<LaunchCommand> help_of(const EngineSpec& spec,
                                     base::Result<std::vector<std::string>> program,
                                     const std::vector<std::string>& words,
                                     bool keep_entrypoint = false);

/// Whether a flag with this value is among the words.
bool has_words(const std::vector<std::string>& words, const std::string& flag,
               const std::string& value);

}  // namespace tokamark::engine
