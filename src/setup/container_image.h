#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "setup/environment.h"
#include "setup/progress.h"

namespace tokamark::setup {

struct ImageOrder {
  std::string reference;         ///< as in "nvcr.io/nvidia/tensorrt-llm/release:1.2.1"
  std::string runtime;           ///< "docker" or "podman"; empty = whichever is found
  std::filesystem::path record;  ///< file for the digest
  Extent extent = Extent::make;
};

/// Says how large the image is where the runtime can tell, pulls it, writes "repository@digest" to
/// `record` and tells it. An image that is here already, and is named by digest, is not pulled.
/// Errors: `engine` when there is no runtime or the pull fails, `output` for the disk,
/// `interrupted`.
base::Result<void> pull_image(const ImageOrder& order, Progress& progress);

/// An image's repository without its tag and digest.
std::string repository_of(std::string_view reference);

/// The entry of `repo_digests`, JSON as a runtime prints it, that belongs to the reference's
/// repository; with one entry alone, that one.
std::optional<std::string> pinned_reference(std::string_view repo_digests,
                                            std::string_view reference);

/// What a manifest says: its layers' bytes, or, of an index, the digest of one architecture's
/// manifest ("amd64"). Nothing is set when it says neither.
struct ManifestFacts {
  std::optional<std::uint64_t> bytes;
  std::optional<std::string> digest;
};
ManifestFacts read_manifest(std::string_view json, std::string_view architecture);

}  // namespace tokamark::setup
