#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "workload/prompts.h"

namespace tokamark::workload {

/// Longest prompt accepted, in bytes: about a million tokens of text.
inline constexpr std::size_t kMaxPromptBytes = 8U << 20U;

/// Whether the bytes are well-formed UTF-8, which JSON request bodies must be.
bool valid_utf8(std::string_view bytes);

/// An error of kind `study` at a line of a file (1-based). `what` may hold texts of the file.
inline base::Error prompt_error(const std::string& file, std::size_t line, std::string_view what) {
  return {base::ErrorKind::study, fmt::format("{}:{}: {}", file, line, base::one_line(what))};
}

/// Why a text cannot be a prompt, or "" when it can.
std::string text_problem(std::string_view text);

/// Why a text cannot be a category, or "" when it can.
std::string category_problem(std::string_view category);

using Prompts = std::vector<FilePrompt>;

/// The formats, each its own reader. None of them refuses a file without prompts; their caller
/// does.
base::Result<Prompts> parse_category_yaml(const std::string& bytes, const std::string& file);
base::Result<Prompts> parse_category_json(const std::string& bytes, const std::string& file);
base::Result<Prompts> parse_json_lines(const std::string& bytes, const std::string& file);
base::Result<Prompts> parse_text_lines(const std::string& bytes, const std::string& file);

}  // namespace tokamark::workload
