#pragma once

#include <filesystem>
#include <map>
#include <string>

namespace tokamark::engine {

/// Variables that a program is started with, over those of this process.
using Variables = std::map<std::string, std::string>;

/// What a program started with `added` sees: those first, then this process's; "" for neither.
std::string variable(const Variables& added, const std::string& name);

/// The folder of the hub's client: HF_HOME, else XDG_CACHE_HOME/huggingface, else ~/.cache.
std::filesystem::path hub_home(const Variables& added);

/// The folder in it that holds downloaded models, unless HF_HUB_CACHE names another.
std::filesystem::path hub_cache(const Variables& added);

/// The folder of a model's revision (empty: `main`) in such a cache; it need not be there.
std::filesystem::path hub_snapshot(const std::filesystem::path& cache, const std::string& model,
                                   const std::string& revision);

}  // namespace tokamark::engine
