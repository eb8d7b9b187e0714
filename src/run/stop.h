#pragma once

#include <atomic>

namespace tokamark::run {

/// Installs handlers for SIGINT and SIGTERM. The first signal prints `text`, which must outlive the
/// process, and sets the returned flag. The second ends the process
/// at once with the exit code of an interruption; engines are then stopped by their guardians.
/// SIGPIPE is ignored. Call once, from main's thread.
const std::atomic<bool>& install_stop_handlers(const char* text);

}  // namespace tokamark::run
