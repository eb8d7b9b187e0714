#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace tokamark::engine {

/// The last non-empty lines of a log as one line, joined by " | ", oldest first. Escape sequences
/// and control characters are dropped, and long lines are cut.
std::string tail_line(std::string_view log, std::size_t lines);

/// The exception that ends the first Python traceback: "ValueError: Free memory on device ...".
/// Log prefixes in front of every line, as vLLM's workers write, are cut off. Empty when there is
/// no traceback, or the log ends inside it.
std::optional<std::string> first_exception(std::string_view log);

/// What a failed start should quote: "<first exception>; last log lines: a | b; log: PATH".
/// Bytes before `from` are another start's. Reads at most the first and the last MiB.
std::string quote_log(const std::filesystem::path& path, std::uint64_t from);

/// The newest non-empty line after `from`, cleaned like in `tail_line`; "" when there is none.
std::string last_log_line(const std::filesystem::path& path, std::uint64_t from);

/// Size of the file in bytes, 0 when it does not exist.
std::uint64_t log_size(const std::filesystem::path& path);

/// Up to `limit` bytes of the file after `from`.
std::string read_log(const std::filesystem::path& path, std::uint64_t from, std::size_t limit);

}  // namespace tokamark::engine
