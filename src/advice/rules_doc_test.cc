#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "advice/rule.h"
#include "base/files.h"

namespace tokamark::advice {
namespace {

constexpr std::string_view kBegin = "<!-- rules: begin, written by rules_doc_test -->\n";
constexpr std::string_view kEnd = "<!-- rules: end -->\n";

std::string cell(std::string text) {
  for (auto at = text.find('|'); at != std::string::npos; at = text.find('|', at + 2)) {
    text.insert(at, "\\");
  }
  return text;
}

std::string tables() {
  std::string out;
  for (const Scope scope : {Scope::winner, Scope::engine, Scope::study}) {
    out += fmt::format(
        "\n### Scope {}\n\n| rule | when | what is said | decided by |\n"
        "| --- | --- | --- | --- |\n",
        to_word(scope));
    for (const Rule& rule : rule_book().rules) {
      if (rule.scope != scope) continue;
      std::string when;
      for (const Condition& each : rule.when) {
        when += (when.empty() ? "" : "; ") + condition_text(each);
      }
      out += fmt::format("| `{}` | {} | {} | {} |\n", rule.id, cell(when.empty() ? "always" : when),
                         cell(rule.text), rule.decided_by);
    }
  }
  return out + "\n";
}

TEST(RulesDocument, ListsEveryRuleAsItIs) {
  const auto path = std::filesystem::path(TOKAMARK_SOURCE_DIR) / "docs" / "RECOMMENDATIONS.md";
  const auto page = base::read_file(path, base::ErrorKind::output);
  ASSERT_TRUE(page.has_value()) << page.error().message;
  const auto begin = page.value().find(kBegin);
  const auto end = page.value().find(kEnd);
  ASSERT_TRUE(begin != std::string::npos && end != std::string::npos && begin < end);
  const auto from = begin + kBegin.size();
  if (std::getenv("TOKAMARK_APPROVE") != nullptr) {
    const auto text = page.value().substr(0, from) + tables() + page.value().substr(end);
    ASSERT_TRUE(base::write_file_atomic(path, text).has_value());
    return;
  }
  EXPECT_EQ(page.value().substr(from, end - from), tables()) << "TOKAMARK_APPROVE=1 and run again";
}

}  // namespace
}  // namespace tokamark::advice
