#include "engine/hub_cache.h"

#include <cstdlib>

#include "base/files.h"

namespace tokamark::engine {

namespace fs = std::filesystem;

std::string variable(const Variables& added, const std::string& name) {
  const auto own = added.find(name);
  if (own != added.end()) return own->second;
  const char* value = std::getenv(name.c_str());
  return value != nullptr ? value : "";
}

fs::path hub_home(const Variables& added) {
  const std::string home = variable(added, "HF_HOME");
  if (!home.empty()) return home;
  const std::string xdg = variable(added, "XDG_CACHE_HOME");
  if (!xdg.empty()) return fs::path(xdg) / "huggingface";
  const std::string user = variable(added, "HOME");
  return fs::path(user.empty() ? "/root" : user) / ".cache" / "huggingface";
}

fs::path hub_cache(const Variables& added) {
  for (const char* name : {"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"}) {
    const std::string cache = variable(added, name);
    if (!cache.empty()) return cache;
  }
  return hub_home(added) / "hub";
}

fs::path hub_snapshot(const fs::path& cache, const std::string& model,
                      const std::string& revision) {
  std::string folder = "models--" + model;
  for (std::size_t at = folder.find('/'); at != std::string::npos; at = folder.find('/', at)) {
    folder.replace(at, 1, "--");
  }
  const fs::path place = cache / folder;
  const std::string name = revision.empty() ? "main" : revision;
  const auto ref = base::read_file(place / "refs" / name, base::ErrorKind::engine);
  std::string commit = ref.has_value() ? ref.value() : "";
  commit.erase(commit.find_last_not_of(" \n\r") + 1);
  return place / "snapshots" / (commit.empty() ? name : commit);  // a commit is its own name
}

}  // namespace tokamark::engine
