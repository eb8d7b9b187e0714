#include "setup/disk_space.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <array>

namespace tokamark::setup {

namespace {

namespace fs = std::filesystem;

/// The path itself, or the nearest folder above it that exists.
fs::path nearest_existing(const fs::path& path) {
  std::error_code failed;
  fs::path at = fs::absolute(path, failed);
  while (!fs::exists(at, failed) && at.has_relative_path()) at = at.parent_path();
  return at;
}

}  // namespace

std::string size_text(std::uint64_t bytes) {
  constexpr std::array<const char*, 5> kUnits{"B", "kB", "MB", "GB", "TB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 999.95 && unit + 1 < kUnits.size()) {
    value /= 1000.0;
    ++unit;
  }
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::optional<std::uint64_t> free_bytes(const fs::path& path) {
  std::error_code failed;
  const fs::space_info space = fs::space(nearest_existing(path), failed);
  if (failed) return std::nullopt;
  return space.available;
}

bool same_disk(const fs::path& left, const fs::path& right) {
  struct stat first {};
  struct stat second {};
  return ::stat(nearest_existing(left).c_str(), &first) == 0 &&
         ::stat(nearest_existing(right).c_str(), &second) == 0 && first.st_dev == second.st_dev;
}

base::Result<void> check_space(const SpaceNeed& need) {
  const auto free = free_bytes(need.folder);
  if (!free || *free >= need.bytes) return base::ok();
  return base::Error{base::ErrorKind::output,
                     fmt::format("too little space for {}: about {} are needed ({}), {} are free; "
                                 "{}",
                                 need.folder.string(), size_text(need.bytes), need.reason,
                                 size_text(*free), need.advice)};
}

}  // namespace tokamark::setup
