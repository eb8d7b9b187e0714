#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "base/error.h"
#include "setup/environment.h"
#include "setup/hub_facts.h"
#include "setup/progress.h"

namespace tokamark::setup {

struct FetchOrder {
  ModelRequest request;
  std::filesystem::path python;            ///< of the environment whose client downloads
  std::filesystem::path cache;             ///< empty = the client's own choice
  std::map<std::string, std::string> env;  ///< added to the client's environment
  Ephemeral ephemeral = Ephemeral::refused;
  Extent extent = Extent::make;
};

/// Asks the hub about the model, checks everything that could make a download fail, says how much
/// is missing, and downloads it. Files that are whole are kept, so that a second call goes on. No
/// byte of the model is downloaded before every check has passed. The token stays with the client.
/// Errors: those of read_hub_facts and refuse_fetch, `interrupted`.
base::Result<void> fetch_model(const FetchOrder& order, Progress& progress);

}  // namespace tokamark::setup
