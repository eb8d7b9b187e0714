#include "setup/mounts.h"

#include <fmt/format.h>
#include <mntent.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>

namespace tokamark::setup {

namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 6> kEphemeral{"overlay", "overlayfs", "aufs",
                                                     "tmpfs",   "ramfs",     "fuse.fuse-overlayfs"};
/// Disks and network file systems; those of FUSE by the beginning of their name.
constexpr std::array<std::string_view, 15> kLasting{"ext4", "ext3",   "ext2",     "xfs",  "btrfs",
                                                    "zfs",  "f2fs",   "nfs",      "nfs4", "cifs",
                                                    "ceph", "lustre", "virtiofs", "9p",   "gpfs"};
/// Where the system, or a container runtime for single files, mounts its own.
constexpr std::array<std::string_view, 12> kOfTheSystem{"/etc",  "/proc", "/sys",  "/dev",
                                                        "/run",  "/boot", "/usr",  "/lib",
                                                        "/snap", "/bin",  "/sbin", "/opt/nvidia"};

/// Whether `path` is `folder` or lies in it.
bool lies_in(std::string_view path, std::string_view folder) {
  if (folder == "/") return true;
  return path.substr(0, folder.size()) == folder &&
         (path.size() == folder.size() || path[folder.size()] == '/');
}

bool lasts(const Mount& mount) {
  return std::find(kLasting.begin(), kLasting.end(), mount.type) != kLasting.end() ||
         (mount.type.rfind("fuse", 0) == 0 && !is_ephemeral(mount));
}

struct CloseMounts {
  void operator()(std::FILE* file) const { ::endmntent(file); }
};

}  // namespace

base::Result<std::vector<Mount>> read_mounts(const fs::path& file) {
  const std::unique_ptr<std::FILE, CloseMounts> open(::setmntent(file.c_str(), "re"));
  if (!open) {
    return base::Error{base::ErrorKind::output, fmt::format("the mounts cannot be read from {}: {}",
                                                            file.string(), std::strerror(errno))};
  }
  std::vector<Mount> mounts;
  std::array<char, 4096> text{};
  mntent entry{};
  while (::getmntent_r(open.get(), &entry, text.data(), static_cast<int>(text.size())) != nullptr) {
    mounts.push_back(
        {entry.mnt_dir, entry.mnt_type,
         ::hasmntopt(&entry, MNTOPT_RO) != nullptr ? Writing::refused : Writing::allowed});
  }
  return mounts;
}

base::Result<std::vector<Mount>> read_mounts() {
  const char* other = std::getenv("TOKAMARK_MOUNTS");
  return read_mounts(fs::path(other != nullptr ? other : "/proc/self/mounts"));
}

const Mount* mount_of(const std::vector<Mount>& mounts, const fs::path& path) {
  std::error_code failed;
  // Links lead to other file systems, as from ~/.cache to a volume.
  fs::path whole = fs::weakly_canonical(path, failed);
  if (failed) whole = fs::absolute(path, failed).lexically_normal();
  const Mount* found = nullptr;
  for (const Mount& mount : mounts) {
    // A later mount at the same point hides the earlier one.
    if (lies_in(whole.string(), mount.point) &&
        (found == nullptr || mount.point.size() >= found->point.size())) {
      found = &mount;
    }
  }
  return found;
}

bool is_ephemeral(const Mount& mount) {
  return std::find(kEphemeral.begin(), kEphemeral.end(), mount.type) != kEphemeral.end();
}

std::vector<Mount> data_volumes(const std::vector<Mount>& mounts) {
  std::vector<Mount> found;
  for (const Mount& mount : mounts) {
    const bool of_the_system =
        mount.point == "/" ||
        std::any_of(kOfTheSystem.begin(), kOfTheSystem.end(),
                    [&mount](std::string_view folder) { return lies_in(mount.point, folder); });
    if (!of_the_system && lasts(mount) && mount.writing == Writing::allowed) found.push_back(mount);
  }
  return found;
}

}  // namespace tokamark::setup
