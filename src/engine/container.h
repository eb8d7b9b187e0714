#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "engine/engine.h"

namespace tokamark::engine {

/// What of this machine the container sees, at which place.
struct Mount {
  std::filesystem::path here;
  std::string inside;
  bool writable = false;
};

/// An engine's command, as it would run inside its image.
struct ContainerCommand {
  LaunchCommand inside;
  std::vector<Mount> mounts;
  /// The image's own entry point prepares the environment and then runs the command.
  bool keep_entrypoint = false;
};

/// docker or podman: `container_runtime`, else the first that is on PATH. Errors: `engine`.
base::Result<std::string> container_runtime(const EngineSpec& spec);

/// The `docker run` of an engine with an `image`: on the host's network, so that no proxy of the
/// runtime lies in the measured path; with every NVIDIA GPU of the machine, if it has any; the
/// image is not pulled. Its name is new with each call. `cleanup` removes the container, whatever
/// became of the client.
base::Result<LaunchCommand> in_container(const EngineSpec& spec, const ContainerCommand& command);

/// Where the model lies for an engine in an image: a local one is mounted, a hub id comes from the
/// mounted cache.
struct MountedModel {
  std::string location;  ///< as the engine inside is told
  std::vector<Mount> mounts;
};
MountedModel mounted_model(const EngineSpec& spec, const ModelSpec& model);

/// The first process of the container, as this machine counts; empty when it does not run.
std::optional<pid_t> container_process(const LaunchCommand& command);

/// {"name", "id", "digest"} of an image that is here; null members where it does not say.
nlohmann::json image_facts(const EngineSpec& spec);

}  // namespace tokamark::engine
