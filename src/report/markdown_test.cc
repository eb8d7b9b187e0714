#include "report/markdown.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/sample_for_tests.h"

namespace tokamark::report {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(SummaryMarkdown, LooksAsApproved) {
  expect_golden("summary.md", summary_markdown(sample_study()));
}

TEST(SummaryMarkdown, LooksAsApprovedWithComparisons) {
  expect_golden("summary_compared.md", summary_markdown(compared_study()));
}

TEST(SummaryMarkdown, HostileNamesStayText) {
  const auto text = summary_markdown(hostile_study());
  EXPECT_THAT(text, Not(HasSubstr("<script")));
  EXPECT_THAT(text, Not(HasSubstr("<svg")));
  EXPECT_THAT(text, Not(HasSubstr("<b>")));
  EXPECT_THAT(text, Not(HasSubstr("@team")));
  EXPECT_THAT(text, Not(HasSubstr("http://")));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

TEST(SummaryMarkdown, StaysWithinAPullRequestCommentAndSaysWhatIsMissing) {
  record::StudyResult result;
  for (int w = 0; w < 40; ++w) {
    for (std::uint32_t c = 1; c <= 40; ++c) {
      result.trials.push_back(sample_trial("engine", c, 1, 20));
      result.trials.back().workload = "workload-" + std::to_string(w);
    }
  }
  const auto text = summary_markdown(result);
  EXPECT_LE(text.size(), kMarkdownLimit + 200);
  EXPECT_THAT(text, HasSubstr("left out to stay short"));
  EXPECT_THAT(text, HasSubstr("What this supports"));
}

}  // namespace
}  // namespace tokamark::report
