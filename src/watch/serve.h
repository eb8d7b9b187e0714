#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "base/error.h"
#include "watch/terminal_view.h"

namespace tokamark::watch {

struct ServeOptions {
  std::filesystem::path folder;
  std::string host = "127.0.0.1";
  std::uint16_t port = 8980;  ///< 0 = any free port
};

/// Serves a results folder until `stop`: the page at /, the report at /report, the events at
/// /events, the metrics at /metrics. Reads the folder once a second and shows the same in the
/// terminal. `on_ready` gets the URL. The process becomes the machine's least important one, since
/// a measurement may share it. Errors: kind `usage` for a folder without study, an address that is
/// not loopback and a port that is taken; `study` for a damaged folder.
base::Result<void> serve(const ServeOptions& options, TerminalView& view,
                         const std::atomic<bool>& stop,
                         const std::function<void(const std::string& url)>& on_ready);

}  // namespace tokamark::watch
