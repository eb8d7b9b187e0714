#pragma once

#include <cstddef>
#include <functional>

namespace tokamark::base {

/// Threads that a job on files may use here: one a core, at most eight, so that memory stays
/// bounded on large machines.
std::size_t worker_count();

/// Calls `work(0)` to `work(count - 1)`, each once, on at most `threads` threads of which the
/// caller's is one, and returns when all calls have. `work` must not throw, and must stand calls
/// from several threads at once.
void for_each_index(std::size_t count, std::size_t threads,
                    const std::function<void(std::size_t index)>& work);

}  // namespace tokamark::base
