#include "doctor/findings_text.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace tokamark::doctor {

namespace {

using probe::Check;
using probe::CheckStatus;

constexpr std::size_t kColumns = 100;
constexpr std::size_t kLeastId = 5;  // "CHECK"
constexpr std::size_t kMostId = 32;
constexpr std::size_t kStatus = 9;  // "skipped" and two blanks

/// Adds the text in lines of at most `kColumns`, each after the first moved in by `indent`.
void wrap(std::string& page, std::size_t at, std::string_view text, std::size_t indent) {
  while (!text.empty()) {
    const std::size_t word = std::min(text.find(' '), text.size());
    if (at > indent && at + 1 + word > kColumns) {
      page += "\n" + std::string(indent, ' ');
      at = indent;
    } else if (at > indent) {
      page += ' ';
      ++at;
    }
    page += text.substr(0, word);
    at += word;
    text.remove_prefix(std::min(word + 1, text.size()));
  }
  page += '\n';
}

/// A further line of a check, named in the column of the status.
void add_line(std::string& page, std::size_t width, const char* name, const std::string& text) {
  if (text.empty()) return;
  page += fmt::format("{:<{}}  {:<{}}", "", width, name, kStatus);
  wrap(page, width + 2 + kStatus, text, width + 2 + kStatus);
}

std::size_t count(const std::vector<Check>& checks, CheckStatus status) {
  return static_cast<std::size_t>(std::count_if(
      checks.begin(), checks.end(), [&](const Check& check) { return check.status == status; }));
}

std::string plural(std::size_t number, const char* word) {
  return fmt::format("{} {}{}", number, word, number == 1 ? "" : "s");
}

}  // namespace

std::string line_of(const Check& check) {
  std::string line = check.id + ": " + check.found;
  if (!check.wanted.empty()) line += "; wanted " + check.wanted;
  if (!check.fix.empty()) line += "; " + check.fix;
  return line;
}

std::string page(const std::vector<Check>& checks) {
  std::size_t width = kLeastId;
  for (const Check& check : checks) width = std::max(width, std::min(check.id.size(), kMostId));
  const std::size_t indent = width + 2 + kStatus;
  std::string text = fmt::format("{:<{}}  {:<{}}{}\n", "CHECK", width, "STATUS", kStatus, "FOUND");
  constexpr std::array<CheckStatus, 2> kLast{CheckStatus::warning, CheckStatus::error};
  const auto add = [&](const Check& check) {
    text += fmt::format("{:<{}}  {:<{}}", check.id, width, to_word(check.status), kStatus);
    wrap(text, indent, check.found, indent);
    add_line(text, width, "wanted", check.wanted);
    add_line(text, width, "fix", check.fix);
  };
  for (const Check& check : checks) {
    if (std::find(kLast.begin(), kLast.end(), check.status) == kLast.end()) add(check);
  }
  for (const CheckStatus status : kLast) {
    for (const Check& check : checks) {
      if (check.status == status) add(check);
    }
  }
  return text + "\n" + counted(checks) + "\n";
}

std::string counted(const std::vector<Check>& checks) {
  std::string line = fmt::format("{}, {}", plural(count(checks, CheckStatus::error), "error"),
                                 plural(count(checks, CheckStatus::warning), "warning"));
  const std::size_t fine = count(checks, CheckStatus::ok);
  const std::size_t skipped = count(checks, CheckStatus::skipped);
  if (fine + skipped > 0) line += fmt::format("; {} ok, {} skipped", fine, skipped);
  return line;
}

std::vector<std::string> warning_lines(const std::vector<Check>& checks) {
  std::vector<std::string> lines;
  for (const Check& check : checks) {
    if (check.status == CheckStatus::warning) lines.push_back(line_of(check));
    if (check.status == CheckStatus::error) lines.push_back("error, ignored: " + line_of(check));
  }
  return lines;
}

base::Result<void> refuse(const std::vector<Check>& checks) {
  std::string ids, line;
  std::size_t errors = 0;
  for (const Check& check : checks) {
    if (check.status != CheckStatus::error) continue;
    ids += (ids.empty() ? "" : ", ") + check.id;
    line = line_of(check);
    ++errors;
  }
  if (errors == 0) return base::ok();
  return base::Error{base::ErrorKind::study,
                     "this machine cannot run the study: " +
                         (errors == 1 ? line : fmt::format("{} errors: {}", errors, ids))};
}

}  // namespace tokamark::doctor
