#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace tokamark::render {

/// A file to write, and how: "svg", "pdf" or "png".
struct Output {
  std::string format;
  std::filesystem::path path;
};

/// One figure to draw.
struct Job {
  std::string name;
  nlohmann::json spec;
  std::string target;
  nlohmann::json theme;  ///< null: the specification's config alone
  std::vector<Output> outputs;
  double png_dpi = 300.0;
};

/// What the program is given on standard input.
struct JobList {
  std::vector<Job> jobs;
  std::int64_t created_unix_s = 0;  ///< of PDFs
  std::chrono::milliseconds figure_limit{30'000};
};

/// Reads `{"created_unix_s", "figure_limit_ms", "jobs": [{"name", "spec" or "file", "target",
/// "theme", "png_dpi", "outputs": [{"format", "path"}]}]}`; all but the specification and the
/// outputs may be missing. Errors: `study`, with the place.
base::Result<JobList> read_job_list(std::string_view text);

}  // namespace tokamark::render
