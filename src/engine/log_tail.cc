#include "engine/log_tail.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <vector>

#include "engine/failure_advice.h"

namespace tokamark::engine {

namespace {

constexpr std::size_t kLineLimit = 240;
constexpr std::size_t kReadLimit = std::size_t{1} << 20;
constexpr std::size_t kQuotedLines = 4;
constexpr std::string_view kTraceback = "Traceback (most recent call last):";

std::vector<std::string_view> split_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    // Progress bars rewrite their line with a carriage return.
    const std::size_t end = text.find_first_of("\r\n");
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

/// Drops escape sequences (ESC [ ... letter) and control characters, trims, and cuts.
std::string cleaned(std::string_view line) {
  std::string out;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const auto c = static_cast<unsigned char>(line[i]);
    if (c == 0x1b && i + 1 < line.size() && line[i + 1] == '[') {
      i += 2;
      while (i < line.size() && (line[i] < '@' || line[i] > '~')) ++i;
      continue;
    }
    if (c == '\t') out += ' ';
    if (c >= 0x20 && c != 0x7f) out += line[i];
  }
  const std::size_t first = out.find_first_not_of(' ');
  if (first == std::string::npos) return {};
  out = out.substr(first, out.find_last_not_of(' ') - first + 1);
  if (out.size() <= kLineLimit) return out;
  std::size_t cut = kLineLimit;
  while (cut > 0 && (static_cast<unsigned char>(out[cut]) & 0xC0U) == 0x80U) --cut;
  return out.substr(0, cut) + "...";
}

}  // namespace

std::string tail_line(std::string_view log, std::size_t lines) {
  std::vector<std::string> kept;
  const auto all = split_lines(log);
  for (auto it = all.rbegin(); it != all.rend() && kept.size() < lines; ++it) {
    std::string line = cleaned(*it);
    if (!line.empty()) kept.push_back(std::move(line));
  }
  std::reverse(kept.begin(), kept.end());
  return fmt::format("{}", fmt::join(kept, " | "));
}

std::optional<std::string> first_exception(std::string_view log) {
  std::optional<std::size_t> prefix;
  for (const std::string_view line : split_lines(log)) {
    if (!prefix) {
      const std::size_t at = line.find(kTraceback);
      if (at != std::string_view::npos) prefix = at;
      continue;
    }
    if (line.size() <= *prefix) continue;
    const std::string_view rest = line.substr(*prefix);
    if (rest.front() == ' ' || rest.find(kTraceback) != std::string_view::npos) continue;
    return cleaned(rest);
  }
  return std::nullopt;
}

std::uint64_t log_size(const std::filesystem::path& path) {
  std::error_code failed;
  const auto size = std::filesystem::file_size(path, failed);
  return failed ? 0 : size;
}

std::string read_log(const std::filesystem::path& path, std::uint64_t from, std::size_t limit) {
  std::ifstream in(path, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(from));
  std::string text(limit, '\0');
  in.read(text.data(), static_cast<std::streamsize>(limit));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(in.gcount(), 0)));
  return text;
}

namespace {

std::string last_part(const std::filesystem::path& path, std::uint64_t from, std::size_t limit) {
  const std::uint64_t size = log_size(path);
  const std::uint64_t start = size > limit ? std::max(from, size - limit) : from;
  return read_log(path, start, limit);
}

}  // namespace

std::string last_log_line(const std::filesystem::path& path, std::uint64_t from) {
  constexpr std::size_t kEnough = 8192;
  return tail_line(last_part(path, from, kEnough), 1);
}

std::string quote_log(const std::filesystem::path& path, std::uint64_t from) {
  const auto exception = first_exception(read_log(path, from, kReadLimit));
  const std::string tail = tail_line(last_part(path, from, kReadLimit), kQuotedLines);
  std::string out = exception ? *exception + "; " : std::string();
  out += tail.empty() ? std::string("it wrote nothing") : "last log lines: " + tail;
  const std::string advice = failure_advice(read_log(path, from, kReadLimit));
  if (!advice.empty()) out += "; what to do: " + advice;
  return out + "; log: " + path.string();
}

}  // namespace tokamark::engine
