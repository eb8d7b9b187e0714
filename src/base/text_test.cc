#include "base/text.h"

#include <gtest/gtest.h>

namespace tokamark::base {
namespace {

TEST(OneLine, ReplacesControlCharactersAlone) {
  EXPECT_EQ(one_line("a\r\nb\tc\x7f"
                     "\xc3\xa9"),
            "a  b c \xc3\xa9");
  EXPECT_EQ(one_line(""), "");
}

TEST(JsonDepth, CountsTheDeepestNesting) {
  EXPECT_EQ(json_depth("3"), 0U);
  EXPECT_EQ(json_depth(R"({"a":[1,{"b":[]}],"c":{}})"), 4U);
  EXPECT_EQ(json_depth("[[],[],[]]"), 2U);
}

TEST(JsonDepth, SkipsStrings) {
  EXPECT_EQ(json_depth(R"(["[[[", "\"[[", "\\", [1]])"), 2U);
  EXPECT_EQ(json_depth(R"({"[{\\\"[":"]"})"), 1U);
}

TEST(JsonDepth, TakesWhatIsNotJson) {
  EXPECT_EQ(json_depth("]]]]["), 1U);
  EXPECT_EQ(json_depth("[[\"["), 2U);
  EXPECT_EQ(json_depth("[\"\\"), 1U);
}

TEST(Text, DurationsAreRoundedUp) {
  EXPECT_EQ(duration_text(0.0), "0s");
  EXPECT_EQ(duration_text(6.1), "7s");
  EXPECT_EQ(duration_text(184.5), "3m05s");
  EXPECT_EQ(duration_text(7620.0), "2h07m");
}

}  // namespace
}  // namespace tokamark::base
