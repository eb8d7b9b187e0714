#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace tokamark::setup {

/// What is about to be downloaded.
struct DownloadSize {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;    ///< of those whose size is known
  std::uint64_t unknown = 0;  ///< files whose size nobody says

  /// "171 packages, 3.2 GB", "3 packages, 1.0 MB and 2 of unknown size", "1 package, size unknown".
  [[nodiscard]] std::string text(std::string_view one, std::string_view many) const;
};

/// Adds up what the script package_sizes.py printed. An error of kind `engine` when it is no such
/// list.
base::Result<DownloadSize> read_package_sizes(std::string_view json);

/// What an installer needs on a disk of its environment and on that of its cache, in bytes.
struct InstallSpace {
  std::uint64_t environment = 0;
  std::uint64_t cache = 0;  ///< 0 when it is the same disk; `environment` then holds all
};

/// Who installs.
enum class InstallTool { uv, pip };
/// Whether the environment and the installer's cache lie on one disk.
enum class CachePlace { same_disk, other_disk };

/// An estimate: packages unpack to about twice their size (vLLM's CPU build: 3.2 GB become 5.9 GB).
/// uv unpacks into its cache and links or copies from there; pip keeps the packed files.
InstallSpace install_space(const DownloadSize& size, InstallTool tool, CachePlace cache);

}  // namespace tokamark::setup
