#include "report/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tokamark::report {
namespace {

using testing::HasSubstr;
using testing::Not;

Table sample() {
  Table table;
  table.id = "sample";
  table.title = "Sample 100 %";
  table.columns = {{"", "Engine", Align::left, "engine", ""},
                   {"TTFT ms", "p99", Align::right, "ttft_p99", "ms"},
                   {"", "Shown only", Align::left, "", ""}};
  TableCell fast = number_cell(0.1 + 0.2);
  fast.emphasis = Emphasis::best;
  fast.interval = CellInterval{0.25, 0.35};
  table.rows = {{{text_cell("a_b"), fast, text_cell("x")}, RowState::plain},
                {{text_cell("=cmd()"), number_cell(std::nullopt), text_cell("x")}, RowState::bad}};
  return table;
}

TEST(TableCsv, HasAllDigitsUnitsInNamesAndIntervalsInColumnsOfTheirOwn) {
  EXPECT_EQ(table_csv(sample()),
            "simulated,engine,ttft_p99_ms,ttft_p99_low_ms,ttft_p99_high_ms\r\n"
            "false,a_b,0.30000000000000004,0.25,0.35\r\n"
            "false,'=cmd(),,,\r\n");
}

TEST(TableCsv, QuotesByRfc4180AndLetsNoTextBecomeAFormula) {
  Table table = sample();
  for (const auto& [text, field] :
       std::vector<std::pair<std::string, std::string>>{{"a,b", "\"a,b\""},
                                                        {"say \"x\"", "\"say \"\"x\"\"\""},
                                                        {"two\nlines", "two lines"},
                                                        {"@SUM(A1)", "'@SUM(A1)"},
                                                        {"+1,2", "\"'+1,2\""},
                                                        {"-2", "'-2"},
                                                        {"\u2028", "?"}}) {
    table.rows[1].cells[0] = text_cell(text);
    EXPECT_THAT(table_csv(table), HasSubstr("\r\nfalse," + field + ",,,\r\n")) << text;
  }
}

TEST(TableCsv, SaysSimulatedInEveryRow) {
  Table table = sample();
  table.simulated = true;
  EXPECT_THAT(table_csv(table), HasSubstr("\r\ntrue,a_b,"));
}

TEST(TableMarkdown, EscapesCellsAndMarksTheBest) {
  const auto text = table_markdown(sample());
  EXPECT_EQ(text.substr(0, text.find('\n')), "| Engine | TTFT ms p99 | Shown only |");
  EXPECT_THAT(text, HasSubstr("| :-- | --: | :-- |"));
  EXPECT_THAT(text, HasSubstr("| a\\_b | **0.300** | x |"));
  Table table = sample();
  table.rows[0].cells[0] = text_cell("|`@team` [x](http://evil.example) <b>");
  const auto hostile = table_markdown(table);
  for (const char* bad : {"@team", "http://", "<b>", "| |`", "[x]("}) {
    EXPECT_THAT(hostile, Not(HasSubstr(bad))) << bad;
  }
}

TEST(TableLatex, UsesBooktabsAndPrintsEveryCharacterAsItIs) {
  const auto text = table_latex(sample());
  EXPECT_THAT(text, HasSubstr("\\usepackage{booktabs}"));
  EXPECT_THAT(text, HasSubstr("\\caption{Sample 100 \\%}\n\\label{tab:sample}"));
  EXPECT_THAT(text, HasSubstr("\\begin{tabular}{@{}lrl@{}}\n\\toprule\n"));
  EXPECT_THAT(text, HasSubstr("\\cmidrule(lr){2-2}"));
  EXPECT_THAT(text, HasSubstr("a\\_b & \\textbf{0.300} & x \\\\\n"));
  EXPECT_THAT(text, HasSubstr("\\bottomrule\n\\end{tabular}\n\\end{table}\n"));
}

TEST(LatexText, LetsNothingActAsACommand) {
  EXPECT_EQ(latex_text("\\input{/etc/passwd}"),
            "\\textbackslash{}input\\textbraceleft{}/etc/passwd\\textbraceright{}");
  EXPECT_EQ(latex_text("50 % & $x$ #1 ~ ^"),
            "50 \\% \\& \\$x\\$ \\#1 \\textasciitilde{} \\textasciicircum{}");
  EXPECT_EQ(latex_text("^^5cinput"), "\\textasciicircum{}\\textasciicircum{}5cinput");
  EXPECT_EQ(latex_text("--a"), "-{}-a");
  EXPECT_EQ(latex_text("a\nb\u2028"), "a b?");
}

TEST(LatexText, WritesWhatDefaultFontsLackAsACodePoint) {
  EXPECT_EQ(latex_text("\u00e9 \U0001F600 \u4e2d"), "\u00e9 U+1F600 U+4E2D");
}

TEST(TableHtml, CanBeSortedByKeyboardAndEscapes) {
  const auto text = table_html(sample(), {{"a_b", "#0072B2"}});
  EXPECT_THAT(text, HasSubstr("<button type=\"button\" data-column=\"1\">p99</button>"));
  EXPECT_THAT(text, HasSubstr("tabindex=\"0\""));
  EXPECT_THAT(text, HasSubstr("style=\"background:#0072B2\""));
  EXPECT_THAT(text, HasSubstr("<td class=\"number best\" data-value=\"0.30000000000000004\">"));
  EXPECT_THAT(text, HasSubstr("<tr class=\"invalid\">"));
}

TEST(ShareCell, IsSortedAndWrittenAsAShare) {
  EXPECT_EQ(share_cell(0.125).text, "12.5 %");
  EXPECT_EQ(share_cell(0.125).number, 0.125);
  EXPECT_EQ(share_cell(std::nullopt).text, "-");
}

TEST(FileSlug, KeepsLettersAndDigits) {
  EXPECT_EQ(file_slug("My load!"), "my-load");
  EXPECT_EQ(file_slug("../../etc"), "etc");
  EXPECT_EQ(file_slug("\U0001F600"), "table");
}

}  // namespace
}  // namespace tokamark::report
