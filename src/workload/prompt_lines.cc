// Prompts files with one prompt a line: JSON records and plain text.
#include <nlohmann/json.hpp>

#include "workload/prompts_internal.h"

namespace tokamark::workload {

namespace {

using Json = nlohmann::json;

constexpr std::uint32_t kMaxOutputTokens = 1'000'000;

/// Calls `use(line_number, line)` for each line that is not blank, without its line end, until
/// one call fails.
template <typename Use>
base::Result<void> for_each_line(const std::string& bytes, Use use) {
  std::string_view rest = bytes;
  for (std::size_t number = 1; !rest.empty(); ++number) {
    const std::size_t end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.find_first_not_of(" \t") == std::string_view::npos) continue;
    TOKAMARK_TRY_VOID(use(number, line));
  }
  return base::ok();
}

/// Why `messages` is not a list of chat messages, or "".
std::string messages_problem(const Json& messages) {
  if (!messages.is_array() || messages.empty()) {
    return "\"messages\" must be a list of at least one {\"role\": ..., \"content\": ...}";
  }
  for (const Json& message : messages) {
    const bool complete = message.is_object() && message.contains("role") &&
                          message["role"].is_string() && message.contains("content");
    if (!complete) return "each of \"messages\" needs a \"role\" and a \"content\"";
  }
  return {};
}

/// Fills the text or the messages of a record; the text returned says why it cannot, or is "".
std::string read_content(const Json& record, Prompt& prompt) {
  if (record.contains("prompt") == record.contains("messages")) {
    return "expected exactly one of \"prompt\" (a text) and \"messages\" (a list)";
  }
  if (record.contains("messages")) {
    const std::string problem = messages_problem(record["messages"]);
    if (problem.empty()) prompt.messages_json = record["messages"].dump();
    return problem;
  }
  if (!record["prompt"].is_string()) return "\"prompt\" must be a text";
  prompt.text = record["prompt"].get<std::string>();
  return text_problem(prompt.text);
}

std::string read_options(const Json& record, FilePrompt& item) {
  for (const auto& [key, value] : record.items()) {
    if (key == "prompt" || key == "messages") continue;
    if (key == "category") {
      if (!value.is_string() || value.get<std::string>().empty()) {
        return "\"category\" must be a text";
      }
      item.prompt.category = value.get<std::string>();
    } else if (key == "output_tokens") {
      if (!value.is_number_unsigned() || value.get<std::uint64_t>() == 0 ||
          value.get<std::uint64_t>() > kMaxOutputTokens) {
        return fmt::format("\"output_tokens\" must be a whole number from 1 to {}",
                           kMaxOutputTokens);
      }
      item.output_tokens = value.get<std::uint32_t>();
    } else {
      return fmt::format(
          "unknown key \"{}\"; known keys: prompt, messages, category, output_tokens", key);
    }
  }
  return {};
}

}  // namespace

base::Result<Prompts> parse_json_lines(const std::string& bytes, const std::string& file) {
  Prompts prompts;
  const auto add = [&](std::size_t number, std::string_view line) -> base::Result<void> {
    if (base::json_depth(line) > base::kMaxJsonDepth) {
      return prompt_error(file, number,
                          fmt::format("more than {} lists in one another", base::kMaxJsonDepth));
    }
    const Json record = Json::parse(line, nullptr, false);
    if (!record.is_object()) {
      return prompt_error(file, number, "expected one JSON object, as in {\"prompt\": \"Hello\"}");
    }
    FilePrompt item;
    item.prompt.category = kDefaultCategory;
    std::string problem = read_content(record, item.prompt);
    if (problem.empty()) problem = read_options(record, item);
    if (!problem.empty()) return prompt_error(file, number, problem);
    prompts.push_back(std::move(item));
    return base::ok();
  };
  TOKAMARK_TRY_VOID(for_each_line(bytes, add));
  return prompts;
}

base::Result<Prompts> parse_text_lines(const std::string& bytes, const std::string& file) {
  Prompts prompts;
  const auto add = [&](std::size_t number, std::string_view line) -> base::Result<void> {
    const std::string problem = text_problem(line);
    if (!problem.empty()) return prompt_error(file, number, problem);
    FilePrompt item;
    item.prompt.category = kDefaultCategory;
    item.prompt.text = line;
    prompts.push_back(std::move(item));
    return base::ok();
  };
  TOKAMARK_TRY_VOID(for_each_line(bytes, add));
  return prompts;
}

}  // namespace tokamark::workload
