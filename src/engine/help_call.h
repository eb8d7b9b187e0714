#pragma once

#include <atomic>
#include <filesystem>
#include <optional>
#include <string>

#include "engine/engine.h"
#include "engine/help_text.h"

namespace tokamark::engine {

/// Runs the command that prints an engine's help, once in this process's life for each engine,
/// and under a guardian like the engine itself: it may import for minutes, or lie in a container.
/// Its output is appended to `log`. Empty, with the reason in `problem`, when it cannot be had:
/// then flags are not checked. Not thread-safe.
std::optional<HelpText> ask_for_help(const EngineSpec& spec, const LaunchCommand& command,
                                     const std::filesystem::path& log,
                                     const std::atomic<bool>* stop, std::string& problem);

}  // namespace tokamark::engine
