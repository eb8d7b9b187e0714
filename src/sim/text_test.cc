#include "sim/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tokamark::sim {
namespace {

TEST(Text, WordsAreSeparatedByAnyWhitespace) {
  EXPECT_EQ(count_words(""), 0);
  EXPECT_EQ(count_words(" \n\t "), 0);
  EXPECT_EQ(count_words("  one two\nthree\t four  "), 4);
}

TEST(Text, EqualWordsHaveEqualIds) {
  const std::vector<std::int64_t> ids = word_ids("a b a");
  ASSERT_EQ(ids.size(), 3U);
  EXPECT_EQ(ids[0], ids[2]);
  EXPECT_NE(ids[0], ids[1]);
}

TEST(Text, TokenIsOneWordWithABlankInFront) {
  const GeneratedText text(7);
  EXPECT_EQ(text.text(3), " tok" + std::to_string(text.id(3)));
  EXPECT_EQ(count_words(text.text(0) + text.text(1) + text.text(2)), 3);
}

TEST(Text, SameSeedGivesTheSameText) {
  EXPECT_EQ(GeneratedText(7).text(5), GeneratedText(7).text(5));
  EXPECT_NE(GeneratedText(7).text(0) + GeneratedText(7).text(1),
            GeneratedText(8).text(0) + GeneratedText(8).text(1));
}

TEST(Text, NaturalLengthsLieBetween32And1024) {
  std::int64_t least = 1'000'000;
  std::int64_t most = 0;
  for (std::uint64_t seed = 0; seed < 5000; ++seed) {
    const std::int64_t length = GeneratedText(seed).natural_length();
    least = std::min(least, length);
    most = std::max(most, length);
  }
  EXPECT_GE(least, 32);
  EXPECT_LE(most, 1024);
  EXPECT_LT(least, 50);  // 5000 draws of 993 values come near both ends
  EXPECT_GT(most, 1000);
}

}  // namespace
}  // namespace tokamark::sim
