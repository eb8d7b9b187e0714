#include "workload/prompts.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <system_error>

#include "base/files.h"
#include "workload/prompts_internal.h"

namespace tokamark::workload {

namespace {

/// Largest prompts file accepted: it is held in memory as a whole.
constexpr std::uintmax_t kMaxFileBytes = 1ULL << 30U;

std::string joined(const std::set<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

/// Keeps the prompts of the wanted categories.
base::Result<Prompts> keep_categories(Prompts prompts, const std::vector<std::string>& wanted,
                                      const std::string& file) {
  if (wanted.empty()) return prompts;
  std::set<std::string> known;
  for (const FilePrompt& item : prompts) known.insert(item.prompt.category);
  for (const std::string& category : wanted) {
    if (known.count(category) != 0) continue;
    return base::Error{base::ErrorKind::study,
                       fmt::format("{}: no prompt of category \"{}\"; the file has: {}", file,
                                   base::one_line(category), base::one_line(joined(known)))};
  }
  prompts.erase(std::remove_if(prompts.begin(), prompts.end(),
                               [&](const FilePrompt& item) {
                                 return std::find(wanted.begin(), wanted.end(),
                                                  item.prompt.category) == wanted.end();
                               }),
                prompts.end());
  return prompts;
}

base::Result<Prompts> parse_as(PromptFormat format, const std::string& bytes,
                               const std::string& file) {
  switch (format) {
    case PromptFormat::yaml:
      return parse_category_yaml(bytes, file);
    case PromptFormat::json:
      return parse_category_json(bytes, file);
    case PromptFormat::jsonl:
      return parse_json_lines(bytes, file);
    case PromptFormat::text:
      break;
  }
  return parse_text_lines(bytes, file);
}

}  // namespace

bool valid_utf8(std::string_view bytes) {
  try {
    static_cast<void>(nlohmann::json(bytes).dump());
    return true;
  } catch (const nlohmann::json::type_error&) {
    return false;
  }
}

std::string text_problem(std::string_view text) {
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return "the prompt is empty";
  if (text.size() > kMaxPromptBytes) {
    return fmt::format("the prompt has {} bytes; at most {} are accepted", text.size(),
                       kMaxPromptBytes);
  }
  if (!valid_utf8(text)) return "the prompt is not valid UTF-8; save the file as UTF-8";
  return {};
}

std::string category_problem(std::string_view category) {
  if (category.empty()) return "a category needs a name";
  if (!valid_utf8(category)) return "a category is not valid UTF-8; save the file as UTF-8";
  return {};
}

base::Result<PromptFormat> prompt_format(const std::filesystem::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  if (extension == ".yaml" || extension == ".yml") return PromptFormat::yaml;
  if (extension == ".json") return PromptFormat::json;
  if (extension == ".jsonl" || extension == ".ndjson") return PromptFormat::jsonl;
  if (extension == ".txt") return PromptFormat::text;
  return base::Error{
      base::ErrorKind::study,
      fmt::format("{}: a prompts file is named .yaml, .json (categories), .jsonl (a record a line) "
                  "or .txt (a prompt a line), not \"{}\"",
                  path.string(), extension)};
}

base::Result<std::vector<FilePrompt>> parse_prompts(const std::string& bytes,
                                                    const std::string& file, PromptFormat format) {
  TOKAMARK_TRY(auto prompts, parse_as(format, bytes, file));
  if (prompts.empty()) return prompt_error(file, 1, "the file holds no prompt");
  return prompts;
}

base::Result<std::vector<FilePrompt>> read_prompts(const std::filesystem::path& path,
                                                   const std::vector<std::string>& categories) {
  TOKAMARK_TRY(const auto format, prompt_format(path));
  std::error_code code;
  const std::uintmax_t size = std::filesystem::file_size(path, code);
  if (!code && size > kMaxFileBytes) {
    return base::Error{base::ErrorKind::study,
                       fmt::format("{}: {} bytes; a prompts file may have at most {}",
                                   path.string(), size, kMaxFileBytes)};
  }
  TOKAMARK_TRY(const auto bytes, base::read_file(path, base::ErrorKind::study));
  TOKAMARK_TRY(auto prompts, parse_prompts(bytes, path.string(), format));
  return keep_categories(std::move(prompts), categories, path.string());
}

}  // namespace tokamark::workload
