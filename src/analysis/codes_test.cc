#include "analysis/codes.h"

#include <gtest/gtest.h>

#include <algorithm>

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

}  // namespace
}  // namespace tokamark::analysis
