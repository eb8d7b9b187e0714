#include "report/text.h"

#include <gtest/gtest.h>

#include <cmath>

namespace tokamark::report {
namespace {

TEST(FormatNumber, KeepsThreeSignificantDigits) {
  EXPECT_EQ(format_number(0.0), "0");
  EXPECT_EQ(format_number(0.0504), "0.050");
  EXPECT_EQ(format_number(1.234), "1.23");
  EXPECT_EQ(format_number(9.996), "10.0");
  EXPECT_EQ(format_number(12.34), "12.3");
  EXPECT_EQ(format_number(99.96), "100");
  EXPECT_EQ(format_number(12345.6), "12346");
  EXPECT_EQ(format_number(0.00012), "1.20e-04");
}

TEST(FormatNumber, ShowsADashForWhatIsNotANumber) {
  EXPECT_EQ(format_number(std::nullopt), "-");
  EXPECT_EQ(format_number(std::nan("")), "-");
  EXPECT_EQ(format_number(INFINITY), "-");
}

TEST(FormatBytes, UsesBinaryUnits) {
  EXPECT_EQ(format_bytes(std::int64_t{3} << 30), "3.00 GiB");
  EXPECT_EQ(format_bytes(std::int64_t{512} << 20), "512 MiB");
}

TEST(PlainLine, LeavesNothingThatSteersATerminal) {
  EXPECT_EQ(plain_line("a\x1b[31m\x07\x7f"), "a?[31m??");
  EXPECT_EQ(plain_line("two\nlines\tand"), "two lines and");
  EXPECT_EQ(plain_line("\u0085\u009b\u202e\u2066\u2028x"), "?????x");
  EXPECT_EQ(plain_line("é漢 ×"), "é漢 ×");
}

TEST(HtmlText, EscapesEveryCharacterThatCouldLeaveTextOrAttribute) {
  EXPECT_EQ(html_text("<a b=\"c\" d='e'>&"), "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;");
}

TEST(MarkdownText, LeavesNothingThatActsAsMarkup) {
  EXPECT_EQ(markdown_text("a|b`c*d_e"), "a\\|b\\`c\\*d\\_e");
  EXPECT_EQ(markdown_text("<b>&"), "&lt;b&gt;&amp;");
  EXPECT_EQ(markdown_text("@me #1"), "@&#8203;me #&#8203;1");
  EXPECT_EQ(markdown_text("http://x www.y"), "http:&#8203;//x w&#8203;ww.y");
  EXPECT_EQ(markdown_text("[a](b)\nc"), "\\[a\\](b) c");
}

TEST(Shorten, CutsAtCodePointsAndMarksTheCut) {
  EXPECT_EQ(shorten("abc", 3), "abc");
  EXPECT_EQ(shorten("éèêë", 3), "éè…");
}

TEST(Wrap, BreaksAtSpacesAndKeepsLongWords) {
  EXPECT_EQ(wrap("aa bb cc", 5), (std::vector<std::string>{"aa bb", "cc"}));
  EXPECT_EQ(wrap("abcdefgh i", 4), (std::vector<std::string>{"abcdefgh", "i"}));
  EXPECT_TRUE(wrap("", 4).empty());
}

}  // namespace
}  // namespace tokamark::report
