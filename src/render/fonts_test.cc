#include "render/fonts.h"

#include <gtest/gtest.h>

namespace tokamark::render {
namespace {

// The advance of "0" in Inter regular is 1292 of 2048 units (the font file's hmtx table).
TEST(Fonts, MeasureTheAdvancesOfInter) {
  auto fonts = Fonts::load();
  ASSERT_TRUE(fonts.has_value()) << fonts.error().message;
  const double one = fonts.value()->width("0", {2048.0, "", ""});
  EXPECT_NEAR(one, 1292.0, 2.0);
  EXPECT_NEAR(fonts.value()->width("0000000000", {8.0, "", ""}), 10.0 * 8.0 * one / 2048.0, 0.1);
}

TEST(Fonts, WeightAndStyleChangeTheFace) {
  auto fonts = Fonts::load();
  ASSERT_TRUE(fonts.has_value());
  const auto width = [&fonts](const char* style, const char* weight) {
    return fonts.value()->width("Throughput", {100.0, style, weight});
  };
  EXPECT_GT(width("", "600"), width("", ""));
  EXPECT_EQ(width("", "bold"), width("", "600"));  // the boldest there is
  EXPECT_NE(width("italic", ""), width("", ""));
}

TEST(Fonts, HaveWhatFiguresSay) {
  auto fonts = Fonts::load();
  ASSERT_TRUE(fonts.has_value());
  // A missing glyph is a box with digits, as wide for each of them.
  const double missing = fonts.value()->width("\xF3\xB0\x80\x80", {100.0, "", ""});
  for (const char* sign : {"×", "±", "…", "–", "≤", "≥", "→", "µ", "−"}) {
    EXPECT_NE(fonts.value()->width(sign, {100.0, "", ""}), missing) << sign;
  }
}

}  // namespace
}  // namespace tokamark::render
