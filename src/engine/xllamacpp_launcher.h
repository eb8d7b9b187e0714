#pragma once

#include <filesystem>
#include <string_view>

#include "base/error.h"

namespace tokamark::engine {

/// A Python program that runs the llama.cpp server of the `xllamacpp` wheel and takes the flags of
/// `llama-server` that matter for a measurement; any other flag ends it with code 2.
std::string_view xllamacpp_launcher_source();

/// The program as a file of this user: $XDG_CACHE_HOME (else ~/.cache)/tokamark/
/// xllamacpp_server-HASH.py, or a private folder below the temporary folder when there is no home
/// to write to. Written when it is not there yet. Errors have kind `output`.
base::Result<std::filesystem::path> xllamacpp_launcher_file();

}  // namespace tokamark::engine
