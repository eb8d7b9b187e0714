#include "engine/model_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <vector>

#include "base/sha256.h"
#include "engine/hub_cache.h"
#include "engine/launch_line.h"

namespace tokamark::engine {

namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kWholeLimit = std::uintmax_t{4} << 30;
constexpr std::size_t kPart = std::size_t{1} << 20;
constexpr std::size_t kShown = 16;
constexpr std::size_t kSha256Digits = 64;
constexpr std::size_t kMostFiles = 10'000;

/// The hub names the file of a large object by its SHA-256.
std::string hub_hash(const fs::path& file) {
  std::error_code failed;
  const std::string name = fs::canonical(file, failed).filename().string();
  const bool hash = name.size() == kSha256Digits &&
                    name.find_first_not_of("0123456789abcdef") == std::string::npos;
  return hash ? name : std::string();
}

/// Reads `size` bytes from `from` on.
std::string part_of(std::ifstream& in, std::uintmax_t from, std::size_t size) {
  std::string bytes(size, '\0');
  in.clear();
  in.seekg(static_cast<std::streamoff>(from));
  in.read(bytes.data(), static_cast<std::streamsize>(size));
  bytes.resize(static_cast<std::size_t>(std::max<std::streamsize>(in.gcount(), 0)));
  return bytes;
}

/// A hash of hashes of the file's parts: all of them, or the first and the last.
std::string hash_of(const fs::path& file, bool whole) {
  if (std::string known = hub_hash(file); !known.empty()) return known;
  static std::map<std::string, std::string> kept;
  std::error_code failed;
  const std::uintmax_t size = fs::file_size(file, failed);
  const auto changed = fs::last_write_time(file, failed).time_since_epoch().count();
  const std::string key = fmt::format("{} {} {} {}", file.string(), size, changed, whole);
  if (const auto found = kept.find(key); found != kept.end()) return found->second;
  std::ifstream in(file, std::ios::binary);
  std::string hashes = std::to_string(size);
  for (std::uintmax_t at = 0; at < size; at += kPart) {
    const bool edge = at == 0 || at + kPart >= size;
    if (whole || edge) hashes += base::sha256_hex(part_of(in, at, kPart));
  }
  return kept[key] = base::sha256_hex(hashes);
}

/// One short word for all files.
std::string joint_hash(const std::vector<fs::path>& files) {
  std::uintmax_t total = 0;
  bool of_hub = true;
  for (const fs::path& file : files) {
    std::error_code failed;
    total += fs::file_size(file, failed);
    of_hub = of_hub && !hub_hash(file).empty();
  }
  const bool whole = total <= kWholeLimit;
  std::string hashes;
  for (const fs::path& file : files) hashes += hash_of(file, whole);
  const std::string hash = base::sha256_hex(hashes).substr(0, kShown);
  return whole || of_hub ? hash : "partial:" + hash;
}

}  // namespace

fs::path model_files_place(const EngineSpec& spec, const ModelSpec& model) {
  const std::string location = model_location(spec, model);
  if (looks_like_path(location)) return location;
  const fs::path cache = spec.image.empty() ? hub_cache(spec.env) : hub_home({}) / "hub";
  return hub_snapshot(cache, location, model.revision);
}

std::vector<fs::path> weight_files(const fs::path& folder) {
  std::map<std::string, std::vector<fs::path>> files;
  std::map<std::string, std::uintmax_t> bytes;
  std::size_t seen = 0;
  std::error_code failed;
  for (fs::directory_iterator it(folder, failed), end; !failed && it != end && seen < kMostFiles;
       it.increment(failed), ++seen) {
    const std::string ending = it->path().extension().string();
    std::error_code unread;
    const std::uintmax_t size = fs::file_size(it->path(), unread);  // follows the cache's symlinks
    files[ending].push_back(it->path());
    bytes[ending] += unread ? 0 : size;
  }
  for (const char* ending : {".safetensors", ".gguf", ".bin", ".pt", ".pth"}) {
    if (bytes[ending] == 0) continue;
    std::sort(files[ending].begin(), files[ending].end());
    return files[ending];
  }
  return {};
}

void read_model_files(const fs::path& location, EffectiveSettings& settings) {
  std::error_code failed;
  if (fs::is_regular_file(location, failed)) {
    settings["weights"] = {joint_hash({location}), "file"};
    return;
  }
  const auto files = weight_files(location);
  if (!files.empty()) settings["weights"] = {joint_hash(files), "file"};
  const fs::path tokenizer = location / "tokenizer.json";
  if (fs::exists(tokenizer, failed)) settings["tokenizer"] = {joint_hash({tokenizer}), "file"};
}

}  // namespace tokamark::engine
