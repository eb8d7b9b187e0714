#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/error.h"

namespace tokamark::base {

/// The whole file as bytes. Errors are of the given kind and name the path and the reason.
Result<std::string> read_file(const std::filesystem::path& path, ErrorKind kind);

/// The same, and nothing where the file cannot be read: as of a process that has just ended, whose
/// files in /proc open and then fail (ESRCH), which a stream's iterator would throw.
std::string read_file_or_nothing(const std::filesystem::path& path);

/// Writes the file whole or not at all: a temporary beside it, fsync, rename, fsync of the folder.
/// An existing file is replaced. Errors have kind `output`; the temporary is removed.
Result<void> write_file_atomic(const std::filesystem::path& path, std::string_view bytes);

/// Replaces a file whole or not at all for whoever reads it, but without waiting for the disk:
/// after a crash of the machine it may be empty or as it was. For what is written often and is no
/// result.
/// Errors have kind `output`; the temporary is removed.
Result<void> replace_file(const std::filesystem::path& path, std::string_view bytes);

/// Creates the folder and its parents. Errors have kind `output`.
Result<void> make_folder(const std::filesystem::path& path);

/// fsync of a folder, so that a rename in it survives a crash. Errors have kind `output`.
Result<void> sync_folder(const std::filesystem::path& path);

}  // namespace tokamark::base
