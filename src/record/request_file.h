#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "record/request_record.h"

namespace tokamark::record {

/// One JSON line per record, in the given order, without compression. docs/RESULT_FORMAT.md
/// describes every field; the text is the same for the same records.
/// Bytes of `error_message`, `category` and `finish_reason` that are not UTF-8 become U+FFFD.
std::string to_json_lines(const std::vector<RequestRecord>& records);
/// The records behind such lines; keys it does not know are skipped. Errors have kind `study` and
/// name the line and the field.
base::Result<std::vector<RequestRecord>> from_json_lines(std::string_view text);

/// `requests.jsonl.zst`: the lines above as one zstd frame, written whole or not at all.
base::Result<void> write_request_file(const std::filesystem::path& path,
                                      const std::vector<RequestRecord>& records);
/// Errors have kind `study` and name the path, the line and the field.
base::Result<std::vector<RequestRecord>> read_request_file(const std::filesystem::path& path);

/// zstd of any text, written whole or not at all (schedules and telemetry use it too).
base::Result<void> write_compressed(const std::filesystem::path& path, std::string_view text);
/// Errors have kind `study`: missing, not zstd, damaged, or cut short.
base::Result<std::string> read_compressed(const std::filesystem::path& path);

}  // namespace tokamark::record
