#include "report/rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/headline.h"
#include "report/sample_for_tests.h"

namespace tokamark::report {
namespace {

using testing::ElementsAre;

TEST(Rows, LieByLoadAndThenByTheStudysOrderOfEngines) {
  const auto result = sample_study();  // the study lists b before a
  const auto workloads = make_rows(result);
  ASSERT_EQ(workloads.size(), 1u);
  std::vector<std::string> seen;
  for (const auto& row : workloads[0].rows) {
    seen.push_back(row.engine + row.load.label());
  }
  EXPECT_THAT(seen, ElementsAre("bc=1", "ac=1", "bc=8", "ac=8"));
}

TEST(Rows, TakeTheMedianOverValidRunsOnly) {
  record::StudyResult result;
  for (const double ttft : {10.0, 30.0, 20.0}) {
    const auto repeat = static_cast<std::uint32_t>(result.trials.size() + 1);
    result.trials.push_back(sample_trial("a", 8, repeat, ttft));
  }
  result.trials.push_back(sample_trial("a", 8, 4, 9000.0));
  result.trials.back().verdict = record::Verdict::invalid;
  result.trials.back().counts.failed = 7;
  const auto workloads = make_rows(result);
  const auto& row = workloads[0].rows[0];
  EXPECT_EQ(row.cell(Quantity::ttft_p50).median, 20.0);
  EXPECT_THAT(row.cell(Quantity::ttft_p50).runs, ElementsAre(10.0, 30.0, 20.0));
  EXPECT_EQ(row.requests, 3 * 240);
  EXPECT_EQ(row.failures, 7);  // an invalid run does not hide its failures
  EXPECT_EQ(verdict_text(row), "3 of 4 valid");
}

TEST(Rows, TheMedianOfAnEvenNumberIsTheMeanOfTheMiddleTwo) {
  record::StudyResult result;
  result.trials = {sample_trial("a", 8, 1, 10.0), sample_trial("a", 8, 2, 30.0)};
  EXPECT_EQ(make_rows(result)[0].rows[0].cell(Quantity::ttft_p50).median, 20.0);
}

TEST(Rows, ACellIsEmptyWhenOneRunLacksTheNumber) {
  record::StudyResult result;
  result.trials = {sample_trial("a", 8, 1, 10.0), sample_trial("a", 8, 2, 30.0)};
  result.trials[0].metrics.ttft_ms.p99 = 50.0;
  const auto workloads = make_rows(result);
  const auto& cell = workloads[0].rows[0].cell(Quantity::ttft_p99);
  EXPECT_EQ(cell.median, std::nullopt);
  EXPECT_EQ(cell.reason, "needs 1000 samples, has 240 (in 1 of 2 runs)");
}

TEST(Rows, WithoutAValidRunTheNumbersAreShownAsNotComparable) {
  record::StudyResult result;
  result.trials = {sample_trial("a", 8, 1, 10.0)};
  result.trials[0].verdict = record::Verdict::incomplete;
  result.trials[0].codes = {{"interrupted", "", ""}};
  const auto workloads = make_rows(result);
  EXPECT_FALSE(workloads[0].rows[0].comparable);
  EXPECT_EQ(workloads[0].rows[0].cell(Quantity::ttft_p50).median, 10.0);
  EXPECT_EQ(verdict_text(workloads[0].rows[0]), "incomplete: interrupted");
}

TEST(Rows, PeakMemoryPrefersTheGpuAndSaysWhich) {
  record::StudyResult result;
  result.trials = {sample_trial("a", 8, 1, 10.0), sample_trial("a", 8, 2, 10.0)};
  EXPECT_STREQ(make_rows(result)[0].rows[0].memory.kind, "RSS");
  result.trials[0].resources.vram_peak_bytes = 5;
  result.trials[1].resources.vram_peak_bytes = 7;
  const auto workloads = make_rows(result);
  EXPECT_STREQ(workloads[0].rows[0].memory.kind, "VRAM");
  EXPECT_EQ(workloads[0].rows[0].memory.bytes, 7);
}

TEST(MissingNotes, GiveEachReasonOnceWithItsColumns) {
  const auto result = sample_study();
  const auto workloads = make_rows(result);
  EXPECT_THAT(missing_notes(workloads[0]),
              ElementsAre("TTFT p99, TPOT p99, E2E p99: needs 1000 samples (all rows)",
                          "Goodput: the study states no SLO (all rows)"));
}

TEST(Headline, ALoadHasNoNumberWhereBothKindsShareTheTable) {
  record::StudyResult result;
  result.trials = {sample_trial("a", 8, 1, 20), sample_trial("a", 16, 1, 20)};
  EXPECT_EQ(make_headline(make_rows(result)[0]).rows[0].cells[1].number, 8.0);
  result.trials[1].load = {workload::LoadKind::open, 1, 8.0, workload::Arrivals::poisson, 1.0};
  for (const auto& row : make_headline(make_rows(result)[0]).rows) {
    EXPECT_FALSE(row.cells[1].number.has_value());
  }
}

}  // namespace
}  // namespace tokamark::report
