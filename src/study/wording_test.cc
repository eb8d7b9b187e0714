#include "study/wording.h"

#include <gtest/gtest.h>

namespace tokamark::study {
namespace {

TEST(Nearest, FindsAWordAFewEditsAway) {
  EXPECT_EQ(nearest("warmups", {"seconds", "warmup_s", "requests"}), "warmup_s");
  EXPECT_EQ(nearest("ulr", {"url", "host"}), "url");  // two neighbours swapped: one edit
  EXPECT_EQ(nearest("sekonds", {"seconds", "requests"}), "seconds");
}

TEST(Nearest, FindsNothingForAWordThatIsFarFromAll) {
  EXPECT_EQ(nearest("banana", {"url", "host", "seconds"}), "");
  EXPECT_EQ(nearest("x", {"a", "bc"}), "");
  EXPECT_EQ(nearest(std::string(5000, 'a'), {"aaaa"}), "");
}

TEST(Wording, ListsAndShowsTexts) {
  EXPECT_EQ(listed({"a", "b", "c"}), "a, b and c");
  EXPECT_EQ(listed({"a"}), "a");
  EXPECT_EQ(shown("a\nb"), "\"a b\"");
  EXPECT_EQ(shown(std::string(100, 'x')), "\"" + std::string(60, 'x') + "...\"");
  EXPECT_EQ(did_you_mean("hots", {"host"}), "; did you mean \"host\"?");
}

}  // namespace
}  // namespace tokamark::study
