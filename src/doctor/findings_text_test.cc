#include "doctor/findings_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace tokamark::doctor {
namespace {

using probe::Check;
using probe::CheckStatus;
using testing::HasSubstr;

const Check kOk{"a", CheckStatus::ok, "1"};
const Check kSkipped{"s", CheckStatus::skipped, "not told"};
const Check kWarning{"b", CheckStatus::warning, "2", "3", "do"};
const Check kError{"ports", CheckStatus::error, "3 ports", "4 ports", "widen"};

TEST(FindingsText, PutsErrorsLastAndCounts) {
  EXPECT_EQ(page({kError, kWarning, kOk, kSkipped}),
            "CHECK  STATUS   FOUND\n"
            "a      ok       1\n"
            "s      skipped  not told\n"
            "b      warning  2\n"
            "       wanted   3\n"
            "       fix      do\n"
            "ports  error    3 ports\n"
            "       wanted   4 ports\n"
            "       fix      widen\n"
            "\n"
            "1 error, 1 warning; 1 ok, 1 skipped\n");
}

TEST(FindingsText, CountsOnlyWhatAListOfFaultsHolds) {
  EXPECT_EQ(counted({kError, kError, kWarning}), "2 errors, 1 warning");
}

TEST(FindingsText, WrapsAt100ColumnsUnderItsColumn) {
  std::string words;
  for (int i = 0; i < 40; ++i) words += "word ";
  std::istringstream lines(page({{"a", CheckStatus::ok, words + std::string(120, 'x') + " end"}}));
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line) && !line.empty()) {
    const std::size_t most = line.find('x') == std::string::npos ? 100 : 16 + 120;
    EXPECT_LE(line.size(), most);
    EXPECT_NE(line[16], ' ') << line;
  }
}

TEST(FindingsText, ARefusalIsTheCheckOrTheIdsOfSeveral) {
  EXPECT_TRUE(refuse({kOk, kWarning}).has_value());
  const auto one = refuse({kOk, kError});
  ASSERT_FALSE(one.has_value());
  EXPECT_EQ(one.error().kind, base::ErrorKind::study);
  EXPECT_EQ(one.error().message,
            "this machine cannot run the study: ports: 3 ports; wanted 4 ports; widen");
  EXPECT_THAT(refuse({kError, kError}).error().message, HasSubstr("2 errors: ports, ports"));
}

TEST(FindingsText, WarningsAreLinesAndErrorsThatAreIgnoredToo) {
  EXPECT_EQ(warning_lines({kOk, kWarning, kError}),
            (std::vector<std::string>{"b: 2; wanted 3; do",
                                      "error, ignored: ports: 3 ports; wanted 4 ports; widen"}));
}

TEST(FindingsText, TheJsonHasEveryFieldAndNullForNone) {
  EXPECT_EQ(probe::to_json({kOk, kError}).dump(),
            R"({"checks":[{"fix":null,"found":"1","id":"a","status":"ok","wanted":null},)"
            R"({"fix":"widen","found":"3 ports","id":"ports","status":"error",)"
            R"("wanted":"4 ports"}]})");
}

}  // namespace
}  // namespace tokamark::doctor
