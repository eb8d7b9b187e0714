#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "workload/schedule.h"

namespace tokamark::workload {

/// A prompt of a file, with the output length that the file asks for it.
struct FilePrompt {
  Prompt prompt;
  std::uint32_t output_tokens = 0;  ///< 0 = the file does not say
};

/// How a prompts file is laid out; chosen by its extension.
enum class PromptFormat {
  yaml,   ///< .yaml, .yml: category -> list of texts
  json,   ///< .json: the same
  jsonl,  ///< .jsonl: {"prompt": text} or {"messages": [...]}, with "category", "output_tokens"
  text,   ///< .txt: one prompt a line
};

/// Category of prompts whose file names none.
inline constexpr const char* kDefaultCategory = "default";

/// Reads a prompts file. `categories` keeps only those categories; empty keeps all. Errors have
/// kind `study` and read `FILE:LINE: what is wrong`; a file without a single prompt is an error,
/// and so is a category that the file does not have.
base::Result<std::vector<FilePrompt>> read_prompts(const std::filesystem::path& path,
                                                   const std::vector<std::string>& categories);

/// The format of a path, by its extension. An unknown one is an error of kind `study`.
base::Result<PromptFormat> prompt_format(const std::filesystem::path& path);

/// Parses the bytes of a prompts file; `file` is used in messages.
base::Result<std::vector<FilePrompt>> parse_prompts(const std::string& bytes,
                                                    const std::string& file, PromptFormat format);

}  // namespace tokamark::workload
