#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/error.h"

namespace tokamark::setup {

/// "1.2 GB": powers of 1000, as disks and hubs count.
std::string size_text(std::uint64_t bytes);

/// Bytes that this user may still write where `path` is or will be; nothing when nobody says.
std::optional<std::uint64_t> free_bytes(const std::filesystem::path& path);

/// Whether two paths, which need not exist yet, lie on the same file system.
bool same_disk(const std::filesystem::path& left, const std::filesystem::path& right);

/// What is about to be written somewhere.
struct SpaceNeed {
  std::filesystem::path folder;
  std::uint64_t bytes = 0;
  std::string reason;  ///< how the number was made, in words
  std::string advice;  ///< what to do when there is too little
};

/// An error of kind `output` when less than that is free.
base::Result<void> check_space(const SpaceNeed& need);

}  // namespace tokamark::setup
