#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"

namespace tokamark::setup {

/// Whether a file system takes new files.
enum class Writing { allowed, refused };

/// A mounted file system.
struct Mount {
  std::string point;
  std::string type;  ///< as in "ext4"
  Writing writing = Writing::allowed;
};

/// The mounts of this process, in their order. $TOKAMARK_MOUNTS names another file of the same
/// layout than /proc/self/mounts. Errors of kind `output`.
base::Result<std::vector<Mount>> read_mounts();
/// The same from a given file.
base::Result<std::vector<Mount>> read_mounts(const std::filesystem::path& file);

/// The mount that a path, which need not exist, lies on; null when there is none.
const Mount* mount_of(const std::vector<Mount>& mounts, const std::filesystem::path& path);

/// Whether what is written there is gone with the container or the machine's memory: the writable
/// layer of a container (overlay), or a file system in memory.
bool is_ephemeral(const Mount& mount);

/// Writable mounts that outlive a container and are meant for data: a disk or network file system
/// that is mounted neither at the root nor where a system or a container runtime mounts its own.
std::vector<Mount> data_volumes(const std::vector<Mount>& mounts);

}  // namespace tokamark::setup
