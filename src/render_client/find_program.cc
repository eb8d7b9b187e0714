#include <unistd.h>

#include <array>
#include <climits>
#include <cstdlib>

#include "render_client/render_client.h"

namespace tokamark::render_client {
namespace {

constexpr const char* kName = "tokamark-render";
constexpr const char* kPackages =
    "libjavascriptcoregtk-4.1-dev libpango1.0-dev librsvg2-dev (tools/install-packages render), "
    "then "
    "tools/build release tokamark-render";

bool can_run(const std::filesystem::path& path) {
  std::error_code error;
  return std::filesystem::is_regular_file(path, error) && ::access(path.c_str(), X_OK) == 0;
}

std::filesystem::path own_folder() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
}

}  // namespace

base::Result<std::filesystem::path> find_program() {
  if (const char* named = std::getenv("TOKAMARK_RENDER"); named != nullptr && *named != '\0') {
    if (can_run(named)) return std::filesystem::path(named);
    return base::Error{base::ErrorKind::output,
                       "TOKAMARK_RENDER names " + std::string(named) +
                           ", which is no program; unset it to look beside tokamark and on PATH"};
  }
  std::string places = own_folder().string();
  if (const char* path = std::getenv("PATH"); path != nullptr) places += ":" + std::string(path);
  for (std::size_t begin = 0; begin < places.size();) {
    const auto end = std::min(places.find(':', begin), places.size());
    const auto candidate = std::filesystem::path(places.substr(begin, end - begin)) / kName;
    if (end > begin && can_run(candidate)) return candidate;
    begin = end + 1;
  }
  return base::Error{base::ErrorKind::output,
                     "figures as SVG, PDF and PNG need the program tokamark-render, which is "
                     "neither beside tokamark nor on PATH; to build it install " +
                         std::string(kPackages)};
}

}  // namespace tokamark::render_client
