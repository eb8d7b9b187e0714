#include "report/self_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "report/sample_for_tests.h"
#include "report/study_tables.h"

namespace tokamark::report {
namespace {

using testing::HasSubstr;

TableRow row_named(const Table& table, const std::string& name) {
  const auto found = std::find_if(table.rows.begin(), table.rows.end(), [&name](const auto& row) {
    return row.cells.front().text == name;
  });
  return found == table.rows.end() ? TableRow{} : *found;
}

TEST(SelfCheck, ShowsTheWorstTrialOfEachCheck) {
  auto result = compared_study();
  result.trials[3].client.lateness_ms.p99 = 0.7;
  const auto row = row_named(self_check_table(result), "Send lateness, p99");
  ASSERT_EQ(row.cells.size(), 5U);
  EXPECT_EQ(row.cells[2].text, "0.700 ms");
  EXPECT_EQ(row.cells[3].text, result.trials[3].id);
  EXPECT_EQ(row.cells[4].text, "pass");
}

TEST(SelfCheck, FailsByTheVerdictsOwnCodes) {
  const auto row = row_named(self_check_table(sample_study()), "Failed and timed-out requests");
  EXPECT_EQ(row.cells[2].text, "5.00 %");
  EXPECT_EQ(row.cells[4].text, "FAIL in 1 of 4 trials");
  EXPECT_EQ(row.state, RowState::bad);
}

TEST(SelfCheck, OnlyTheCheckThatRaisedASharedCodeFails) {
  auto result = compared_study();
  result.trials[0].client.lateness_ms.p99 = 1.5;
  result.trials[0].client.late_share = 0.0;
  result.trials[0].codes = {{"client_late", "p99 lateness 1.500 ms, limit 1.000 ms", ""}};
  const auto table = self_check_table(result);
  EXPECT_EQ(row_named(table, "Send lateness, p99").state, RowState::bad);
  const auto share = row_named(table, "Requests over 5 ms late");
  EXPECT_EQ(share.state, RowState::plain);
  EXPECT_THAT(share.cells[4].text, HasSubstr("not judged in 1 of"));
}

TEST(SelfCheck, EachCauseOfACodeHasItsOwnRow) {
  const auto failed = [](const char* code, const char* evidence) {
    auto result = compared_study();
    result.trials[0].codes = {{code, evidence, ""}};
    std::string names;
    for (const auto& row : self_check_table(result).rows) {
      if (row.state == RowState::bad) names += row.cells[0].text + ";";
    }
    return names;
  };
  EXPECT_EQ(failed("client_limited", "p99 TTFT is 9.000 ms, 8.000 ms from the send"),
            "TTFT against TTFT from the send, p99;");
  EXPECT_EQ(failed("client_limited", "3.00 requests were in flight on average, 8 were asked for"),
            "Closed loads: in flight against asked;");
  EXPECT_EQ(failed("not_streaming", "9 of 9 answers came all at once at their end"),
            "Answers that came all at once;");
  EXPECT_EQ(failed("clock_confounded", "mean SM clocks of 1960 MHz (b) and 1980 MHz (a)"),
            "SM clocks of the engines of a repeat alike;");
  EXPECT_EQ(failed("clock_confounded",
                   "in 3.0 % of the window's samples a GPU's hardware slowed its clocks"),
            "GPU clocks slowed by the hardware;");
  EXPECT_EQ(
      failed("token_count_mismatch", "the engine counted 90 generated tokens, the client 100"),
      "Tokens: server's counter against client;");
  EXPECT_EQ(failed("token_count_mismatch",
                   "in 3 of 9 answers the usage is not what their events add up to"),
            "Tokens: usage against the answer's events;");
}

TEST(SelfCheck, WhatNoTrialTellsIsNotCalledPassed) {
  const auto table = self_check_table(compared_study());
  EXPECT_EQ(row_named(table, "Calibration error of TTFT, p99").cells[4].text,
            "not checked: nothing to compare");
  EXPECT_EQ(row_named(table, "Events stamped by the kernel").cells[4].text, "not recorded");
}

TEST(SelfCheck, ReadsCalibrationLittlesLawAndTokens) {
  auto result = compared_study();
  result.trials[1].calibration = {{"before", {{"skipped", "too short"}}},
                                  {"after", {{"ttft_error_ms", {{"p99", 0.04}}}}}};
  result.trials[1].checks.in_flight_mean = 8.0;
  result.trials[1].checks.littles_law_mean = 7.8;
  result.trials[1].checks.server_tokens = 1010;
  result.trials[1].checks.client_tokens = 1000;
  const auto table = self_check_table(result);
  EXPECT_EQ(row_named(table, "Calibration error of TTFT, p99").cells[2].text, "0.040 ms");
  EXPECT_EQ(row_named(table, "Little's law: records against load threads").cells[2].text,
            "-2.50 %");
  EXPECT_EQ(row_named(table, "Tokens: server's counter against client").cells[2].text, "+1.00 %");
}

TEST(SelfCheck, NamesALimitThatTheStudyChanged) {
  auto result = compared_study();
  result.manifest["validity_changed"] = {{"error_share", {{"value", 0.2}, {"default", 0.01}}}};
  EXPECT_THAT(row_named(self_check_table(result), "Failed and timed-out requests").cells[1].text,
              HasSubstr("the study set error_share 0.2"));
}

TEST(RunTable, HasEveryTrialWithAskedAndAchievedLoad) {
  auto result = sample_study();
  result.trials[0].checks.in_flight_mean = 0.98;
  const auto table = run_table(result);
  ASSERT_EQ(table.rows.size(), 4U);
  EXPECT_EQ(table.rows[0].cells[7].text, "1.00");
  EXPECT_EQ(table.rows[0].cells[8].text, "0.980");
  EXPECT_EQ(table.rows[3].state, RowState::bad);
  EXPECT_THAT(table.title, HasSubstr("SIMULATED"));
}

TEST(RequestTable, SumsOverTrialsAndHasADashWhereOneDoesNotTell) {
  auto result = compared_study();
  const auto table = request_table(result, make_rows(result));
  EXPECT_EQ(table.rows[0].cells[4].number, 9.0 * 240.0);
  EXPECT_EQ(table.rows[0].cells[9].text, "-");
}

TEST(StudyTables, HaveIdsThatDifferAndSaySimulated) {
  auto result = sample_study();
  for (auto& trial : result.trials) {
    if (trial.engine == "b") trial.workload = "Chat";
  }
  const auto tables = study_tables(result, {});
  std::vector<std::string> ids;
  for (const auto& table : tables) {
    EXPECT_TRUE(table.simulated) << table.id;
    EXPECT_THAT(table.title, HasSubstr("SIMULATED")) << table.id;
    for (const auto& row : table.rows) EXPECT_EQ(row.cells.size(), table.columns.size());
    ids.push_back(table.id);
  }
  std::sort(ids.begin(), ids.end());
  EXPECT_EQ(std::adjacent_find(ids.begin(), ids.end()), ids.end());
  EXPECT_THAT(ids, testing::IsSupersetOf({"method", "requests", "results-chat", "results-chat-2",
                                          "runs", "self-check"}));
}

TEST(ErrorTable, CountsKindsOverTheTrialsOfARow) {
  const auto result = compared_study();
  detail::StudyDetail detail;
  detail[result.trials[0].id].errors = {{"http_status", {1, 0, 2}}};
  detail[result.trials[2].id].errors = {{"http_status", {4}}};
  const auto table = error_table(result, make_rows(result), detail);
  ASSERT_EQ(table.rows.size(), 1U);
  EXPECT_EQ(table.rows[0].cells[3].text, "http_status");
  EXPECT_EQ(table.rows[0].cells[4].text, "7");
}

}  // namespace
}  // namespace tokamark::report
