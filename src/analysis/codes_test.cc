#include "analysis/codes.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>

#include "analysis/thresholds.h"

namespace tokamark::analysis {
namespace {

TEST(Codes, AreInOrderAndComplete) {
  const auto codes = all_codes();
  EXPECT_TRUE(std::is_sorted(codes.begin(), codes.end(),
                             [](const auto& a, const auto& b) { return a.code < b.code; }));
  for (const CodeInfo& info : codes) {
    EXPECT_FALSE(info.meaning.empty() || info.decided.empty() || info.advice.empty()) << info.code;
    EXPECT_EQ(find_code(info.code), &info);
  }
  EXPECT_EQ(find_code("client_lat"), nullptr);
}

/// docs/METRICS.md has a row for every code, and docs/STUDY_FILE.md for every limit.
std::string document(const char* name) {
  std::ifstream file(std::string(TOKAMARK_SOURCE_DIR "/docs/") + name);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Codes, AreAllDocumented) {
  const std::string metrics = document("METRICS.md");
  for (const CodeInfo& info : all_codes()) {
    EXPECT_NE(metrics.find(fmt::format("\n| `{}` |", info.code)), std::string::npos) << info.code;
  }
  const std::string study = document("STUDY_FILE.md");
  const Thresholds defaults;
  for (const ThresholdInfo& info : all_thresholds()) {
    const auto row =
        fmt::format("\n| `{}` | {} | `{}` |", info.key, defaults.*info.value, info.code);
    EXPECT_NE(study.find(row), std::string::npos) << row;
  }
}

}  // namespace
}  // namespace tokamark::analysis
