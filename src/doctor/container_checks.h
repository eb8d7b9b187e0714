#pragma once

#include <string>
#include <vector>

#include "probe/check.h"

namespace tokamark::doctor {

using probe::Check;
using probe::CheckStatus;

/// What runs container images here; read by `find_containers`.
struct ContainerFacts {
  std::string program;  ///< "docker" or "podman"; empty = neither is on PATH
  std::string version;  ///< of the daemon
  std::string problem;  ///< why it does not answer; empty = it does
  std::string gpu_by;   ///< "runtime nvidia" or the CDI file; empty = it gives no GPU
};
/// `wanted` is the program that the study asks for; empty = docker, else podman, as
/// the launch takes them. It is run for
/// 10 s at most.
ContainerFacts find_containers(const std::string& wanted);

/// Whether an image is on this machine.
struct ImageFacts {
  std::string image;
  std::string digest{};  ///< "sha256:..."; empty = it is not here
  std::string cuda{};    ///< its CUDA_VERSION, "12.9.1"; empty = it states none
};
ImageFacts find_image(const ContainerFacts& containers, const std::string& image);

/// "container.runtime" and "container.gpu" for the engines that run from an image.
enum class GpuHere { no, yes };
std::vector<Check> check_containers(const ContainerFacts& facts, const std::string& engines,
                                    GpuHere gpu);

/// "ENGINE.image".
Check check_image(const std::string& engine, const ContainerFacts& containers,
                  const ImageFacts& facts);

/// The runtimes that `docker info --format "{{json .Runtimes}}"` lists hold this one.
bool lists_runtime(const std::string& json, const std::string& name);

}  // namespace tokamark::doctor
