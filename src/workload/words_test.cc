#include "workload/words.h"

#include <gtest/gtest.h>

#include <set>

namespace tokamark::workload {
namespace {

TEST(Words, AreAllDifferentAndThreeToEightLowerCaseLetters) {
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < kWordCount; ++i) {
    const std::string_view text = word(i);
    EXPECT_TRUE(seen.insert(text).second) << text;
    EXPECT_GE(text.size(), 3U) << text;
    EXPECT_LE(text.size(), 8U) << text;
    EXPECT_EQ(text.find_first_not_of("abcdefghijklmnopqrstuvwxyz"), std::string_view::npos) << text;
  }
}

}  // namespace
}  // namespace tokamark::workload
