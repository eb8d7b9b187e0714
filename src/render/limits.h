#pragma once

#include <chrono>

#include "base/error.h"

namespace tokamark::render {

/// Sets up the process before the chart engine starts: one language and time zone (the same bytes
/// everywhere), and first in line where the machine runs out of memory. Errors: `internal` where
/// the limit on address space (`ulimit -v`) is lower than what the engine reserves; without this
/// check the engine would die without a word.
base::Result<void> prepare_process();

/// From now on the process may take that long until the next call, and 3 GiB of memory; a signal
/// that comes every 100 ms looks. Past either it prints the line {"ended": why} and exits with
/// status 1, wherever it is.
void limit_figure(std::chrono::milliseconds limit);

}  // namespace tokamark::render
