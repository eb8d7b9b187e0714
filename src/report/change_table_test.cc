#include "report/change_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tokamark::report {
namespace {

using comparison::Comparison;
using comparison::Verdict;
using testing::HasSubstr;
using testing::Not;

Comparison found() {
  Comparison c;
  c.metric = "ttft_p50_ms";
  c.workload = "chat";
  c.load.concurrency = 8;
  c.a = "vllm (branch)";
  c.b = "vllm (main)";
  c.primary = true;
  c.blocks = 6;
  c.a_value = 110.0;
  c.b_value = 100.0;
  c.ratio = 1.1;
  c.interval = stats::Interval{1.05, 1.152};
  c.verdict = Verdict::different;
  c.better = c.b;
  return c;
}

TEST(ChangeTable, SaysHowANumberChanged) {
  const auto tables = change_tables({found()}, {});
  ASSERT_EQ(tables.size(), 1U);
  const std::vector<std::string> row{
      "chat", "c=8", "ttft_p50_ms *", "100", "110", "+10.0 %", "+5.0 % to +15.2 %", "6", "worse"};
  EXPECT_EQ(tables.front().rows.front(), row);
}

TEST(ChangeTable, MarksWhatIsNotResolvedAndWhatIsEqual) {
  Comparison open = found();
  open.verdict = Verdict::not_resolved;
  open.reason = "not resolved at +-4.0 %";
  Comparison equal = found();
  equal.verdict = Verdict::equivalent;
  const auto table = change_tables({open, equal}, {}).front();
  EXPECT_EQ(table.rows[0].back(), "~");
  EXPECT_EQ(table.rows[1].back(), "=");
  EXPECT_TRUE(table.notes.empty());  // the interval is in the row
}

TEST(ChangeTable, SaysWhyThereIsNoVerdictAndEachCaveatOnce) {
  Comparison refused;
  refused.metric = "ttft_p50_ms";
  refused.primary = true;
  refused.refused = true;
  refused.reason = "r1-a is invalid: errors";
  refused.caveats = {"a caveat"};
  Comparison again = refused;
  again.metric = "tpot_p50_ms";
  const auto table = change_tables({refused, again}, {}).front();
  EXPECT_THAT(table.notes, testing::ElementsAre("ttft_p50_ms: r1-a is invalid: errors", "a caveat",
                                                "tpot_p50_ms: r1-a is invalid: errors"));
  EXPECT_EQ(table.rows.front()[5], "-");
}

TEST(ChangeTable, LeavesOutWhatWasNotMeasuredUnlessAsked) {
  Comparison other = found();
  other.metric = "itl_p99_ms";
  other.primary = false;
  other.ratio.reset();
  EXPECT_TRUE(change_tables({other}, {}).empty());
  EXPECT_EQ(change_tables({other, found()}, {"itl_p99_ms"}).front().rows.size(), 1U);
}

TEST(ChangeTable, IsSafeAndStamped) {
  Comparison hostile = found();
  hostile.workload = "\x1b[31m|<b>@team";
  const auto tables = change_tables({hostile}, {});
  EXPECT_THAT(change_text(tables, true), HasSubstr("SIMULATED"));
  EXPECT_THAT(change_text(tables, false), Not(HasSubstr("SIMULATED")));
  EXPECT_THAT(change_text(tables, false), Not(HasSubstr("\x1b")));
  EXPECT_THAT(change_markdown(tables, true), HasSubstr("**SIMULATED"));
  EXPECT_THAT(change_markdown(tables, false), Not(HasSubstr("<b>")));
}

}  // namespace
}  // namespace tokamark::report
