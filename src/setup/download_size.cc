#include "setup/download_size.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "setup/disk_space.h"

namespace tokamark::setup {

namespace {

constexpr std::uint64_t kUnpacked = 2;

}  // namespace

std::string DownloadSize::text(std::string_view one, std::string_view many) const {
  const std::string count = fmt::format("{} {}", files, files == 1 ? one : many);
  if (unknown == 0) return fmt::format("{}, {}", count, size_text(bytes));
  if (unknown == files) return count + ", size unknown";
  return fmt::format("{}, {} and {} of unknown size", count, size_text(bytes), unknown);
}

base::Result<DownloadSize> read_package_sizes(std::string_view json) {
  const auto list = base::json_depth(json) <= base::kMaxJsonDepth
                        ? nlohmann::json::parse(json, nullptr, false)
                        : nlohmann::json(nlohmann::json::value_t::discarded);
  if (!list.is_array()) {
    return base::Error{base::ErrorKind::engine,
                       fmt::format("the sizes of packages cannot be read: {}",
                                   base::one_line(json.substr(0, 200)))};
  }
  DownloadSize size;
  for (const auto& item : list) {
    ++size.files;
    const auto bytes = item.is_object() ? item.find("bytes") : item.end();
    if (item.is_object() && bytes != item.end() && bytes->is_number_unsigned()) {
      size.bytes += bytes->get<std::uint64_t>();
    } else {
      ++size.unknown;
    }
  }
  return size;
}

InstallSpace install_space(const DownloadSize& size, InstallTool tool, CachePlace cache) {
  const std::uint64_t unpacked = kUnpacked * size.bytes;
  if (tool == InstallTool::uv) {
    // On one disk the environment's files are hard links to those of the cache.
    return cache == CachePlace::same_disk ? InstallSpace{unpacked, 0}
                                          : InstallSpace{unpacked, unpacked};
  }
  return cache == CachePlace::same_disk ? InstallSpace{unpacked + size.bytes, 0}
                                        : InstallSpace{unpacked, size.bytes};
}

}  // namespace tokamark::setup
