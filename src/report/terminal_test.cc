#include "report/terminal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "report/sample_for_tests.h"
#include "report/text.h"

namespace tokamark::report {
namespace {

using testing::HasSubstr;
using testing::Not;

std::size_t widest_line(const std::string& text) {
  std::istringstream lines(text);
  std::size_t widest = 0;
  for (std::string line; std::getline(lines, line);) {
    widest = std::max(widest, display_width(line));
  }
  return widest;
}

TEST(TerminalTable, LooksAsApproved) {
  expect_golden("terminal_wide.txt", terminal_table(sample_study(), {120, Colour::off}));
  expect_golden("terminal_narrow.txt", terminal_table(sample_study(), {40, Colour::off}));
}

TEST(TerminalTable, FitsTheGivenWidth) {
  for (const std::size_t columns : {40U, 80U, 100U, 120U, 200U}) {
    EXPECT_LE(widest_line(terminal_table(sample_study(), {columns, Colour::off})), columns);
  }
}

TEST(TerminalTable, UsesEscapeSequencesOnlyWhenAsked) {
  EXPECT_THAT(terminal_table(sample_study(), {120, Colour::off}), Not(HasSubstr("\x1b")));
  EXPECT_THAT(terminal_table(sample_study(), {120, Colour::on}), HasSubstr("\x1b[31minvalid"));
}

TEST(TerminalTable, NamesCannotSteerTheTerminal) {
  const auto text = terminal_table(hostile_study(), {100, Colour::off});
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(text, Not(HasSubstr("\x07")));
  EXPECT_THAT(text, Not(HasSubstr("\u202e")));
}

TEST(TerminalTable, SaysSimulatedOnlyWhenItIs) {
  auto result = sample_study();
  EXPECT_THAT(terminal_table(result, {}), HasSubstr("SIMULATED"));
  result.simulated = false;
  EXPECT_THAT(terminal_table(result, {}), Not(HasSubstr("SIMULATED")));
}

TEST(TerminalTable, AStudyWithoutTrialsSaysSo) {
  EXPECT_THAT(terminal_table({}, {}), HasSubstr("No trial was recorded."));
}

}  // namespace
}  // namespace tokamark::report
