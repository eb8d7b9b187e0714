#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"

namespace tokamark::sim {

/// How a request ended.
enum class Outcome { finished, aborted };

/// The true times of one request, on CLOCK_MONOTONIC.
struct TruthRecord {
  std::string request_id;   ///< the client's x-request-id header, or empty
  base::TimePoint arrival;  ///< its last byte had been read
  std::int64_t prompt_tokens = 0;
  std::vector<base::TimePoint> emissions;  ///< one a token, read just before its write
  Outcome outcome = Outcome::finished;
};

/// Writes one JSON line a request. Lines wait in memory until `flush`, so that no file is written
/// between a token's due time and its write. One thread.
class TruthLog {
 public:
  /// A log that keeps nothing.
  TruthLog() = default;
  /// Creates or empties the file. Errors have kind `output` and name the path.
  static base::Result<TruthLog> open(const std::filesystem::path& path);

  void add(const TruthRecord& record);
  /// Writes what is waiting. An error has kind `output`; later calls keep returning it.
  base::Result<void> flush();

 private:
  struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  std::unique_ptr<std::FILE, CloseFile> file_;
  std::filesystem::path path_;
  std::string waiting_;
  int failure_ = 0;  ///< errno of the first failed write
};

/// The record as one JSON line with its line end; times in nanoseconds.
std::string truth_line(const TruthRecord& record);

}  // namespace tokamark::sim
