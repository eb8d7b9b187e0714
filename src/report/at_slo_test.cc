#include "report/at_slo.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/sample_for_tests.h"

namespace tokamark::report {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::StartsWith;

/// Engines a and b at concurrency 1, 8 and 16 with this attainment.
record::StudyResult study(const std::vector<double>& a, const std::vector<double>& b) {
  record::StudyResult result;
  result.study = {{"name", "slo"},
                  {"slo", {{"ttft_ms", 500}, {"tpot_ms", 50}}},
                  {"engines", {{{"name", "a"}}, {{"name", "b"}}}}};
  const std::vector<std::uint32_t> loads{1, 8, 16};
  for (std::size_t i = 0; i < loads.size(); ++i) {
    for (const auto& [engine, shares] : {std::pair{"a", a}, std::pair{"b", b}}) {
      result.trials.push_back(sample_trial(engine, loads[i], 1, 20));
      result.trials.back().metrics.slo_attainment = shares[i];
      result.estimates.push_back({{"engine", engine},
                                  {"workload", "chat"},
                                  {"load", {{"kind", "closed"}, {"concurrency", loads[i]}}},
                                  {"metric", "goodput_requests_per_s"},
                                  {"R", 9},
                                  {"runs", 9},
                                  {"median", engine == std::string("a") ? 12.0 : 10.0},
                                  {"low", 9.0},
                                  {"high", 13.0},
                                  {"reason", nullptr}});
    }
  }
  return result;
}

void compare_goodput(record::StudyResult& result, std::uint32_t load, const char* verdict) {
  result.comparisons.push_back({{"metric", "goodput_requests_per_s"},
                                {"workload", "chat"},
                                {"load", {{"kind", "closed"}, {"concurrency", load}}},
                                {"a", "a"},
                                {"b", "b"},
                                {"primary", true},
                                {"R", 9},
                                {"ratio", 1.2},
                                {"low", 1.1},
                                {"high", 1.3},
                                {"resolution", 0.1},
                                {"verdict", verdict},
                                {"better", std::string(verdict) == "different" ? "a" : ""},
                                {"reason", "not resolved at +-10 %"},
                                {"caveats", nlohmann::json::array()}});
}

TEST(AtSlo, IsTheHighestLoadBelowTheFirstThatMisses) {
  const auto result = study({1.0, 0.95, 0.5}, {0.99, 0.8, 0.95});
  const auto rows = make_rows(result);
  const auto found = at_slo(result, rows);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].standings[0].row->load.label(), "c=8");
  EXPECT_FALSE(found[0].standings[0].highest_measured);
  EXPECT_EQ(found[0].standings[1].row->load.label(), "c=1") << "c=16 lies above one that misses";
}

TEST(AtSlo, AResolvedGoodputMakesTheBest) {
  auto result = study({1.0, 0.95, 0.5}, {0.99, 0.92, 0.5});
  compare_goodput(result, 8, "different");
  const auto rows = make_rows(result);
  const auto at = at_slo(result, rows)[0];
  EXPECT_EQ(at.best, "a");
  EXPECT_THAT(at.lead, HasSubstr("20 % higher"));
  EXPECT_THAT(at.lead, HasSubstr("95 % interval 10 % to 30 %"));
  const auto table = slo_table(result, at);
  EXPECT_EQ(table.rows[0].cells[6].text, "12.0 [9.00, 13.0]");
  EXPECT_EQ(table.rows[0].cells[6].emphasis, Emphasis::best);
}

TEST(AtSlo, AnIntervalThatIsTooWideMakesNone) {
  auto result = study({1.0, 0.95, 0.5}, {0.99, 0.92, 0.5});
  compare_goodput(result, 8, "not_resolved");
  const auto rows = make_rows(result);
  const auto at = at_slo(result, rows)[0];
  EXPECT_EQ(at.best, "");
  EXPECT_THAT(at.lead, StartsWith("Not resolved under chat at c=8"));
  const auto table = slo_table(result, at);
  EXPECT_THAT(table.rows[0].cells[6].text, HasSubstr(" ~"));
  EXPECT_EQ(table.rows[0].cells[6].emphasis, Emphasis::none);
}

TEST(AtSlo, ADifferenceAtAnotherLoadMarksNothing) {
  auto result = study({1.0, 0.95, 0.5}, {0.99, 0.5, 0.5});
  compare_goodput(result, 1, "different");
  const auto rows = make_rows(result);
  const auto at = at_slo(result, rows)[0];
  EXPECT_EQ(at.best, "");
  EXPECT_THAT(slo_table(result, at).rows[0].cells[6].text, HasSubstr(" ~"));
}

TEST(AtSlo, AnEngineThatMissesIsNotTheBestHoweverMuchItDoes) {
  // b holds c=8 only, and is ahead of a, which holds c=16, there.
  auto result = study({1.0, 0.95, 0.95}, {0.99, 0.92, 0.85});
  compare_goodput(result, 16, "different");
  result.comparisons[0]["better"] = "b";
  result.comparisons[0]["ratio"] = 0.8;
  result.comparisons[0]["low"] = 0.7;
  result.comparisons[0]["high"] = 0.9;
  const auto rows = make_rows(result);
  const auto at = at_slo(result, rows)[0];
  EXPECT_EQ(at.best, "");
  EXPECT_THAT(at.lead, StartsWith("Not resolved under chat at c=16"));
  EXPECT_THAT(at.lead, HasSubstr("excludes no difference"));
  EXPECT_THAT(at.lead, HasSubstr("and b does not hold it"));
}

TEST(AtSlo, AnEngineWithoutANumberLeavesTheColumnOpen) {
  auto result = study({1.0, 0.95, 0.5}, {0.99, 0.92, 0.5});
  result.study["engines"].push_back({{"name", "c"}});
  for (const std::uint32_t load : {1U, 8U}) {
    result.trials.push_back(sample_trial("c", load, 1, 20));
    result.trials.back().metrics.slo_attainment = 1.0;
  }
  compare_goodput(result, 8, "different");  // of a and b; nothing is known of c
  const auto rows = make_rows(result);
  const auto table = slo_table(result, at_slo(result, rows)[0]);
  EXPECT_EQ(table.rows[0].cells[6].emphasis, Emphasis::none);
  EXPECT_THAT(table.rows[0].cells[6].text, HasSubstr(" ~"));
}

TEST(AtSlo, SaysWhichLoadsArePassedOver) {
  auto result = study({1.0, 0.95, 0.95}, {0.99, 0.92, 0.95});
  for (auto& trial : result.trials) {
    if (trial.engine != "a" || trial.load.concurrency != 8) continue;
    trial.verdict = record::Verdict::invalid;
    trial.codes = {{"errors", "", ""}};
  }
  const auto rows = make_rows(result);
  const auto at = at_slo(result, rows)[0];
  EXPECT_EQ(at.standings[0].row->load.label(), "c=16");
  EXPECT_THAT(slo_table(result, at).notes,
              Contains("a: passed over for want of a valid run: c=8 (invalid: errors)"));
  EXPECT_THAT(at.standings[1].passed_over, testing::IsEmpty());
}

TEST(AtSlo, ALoadWithHalfItsRunsUnstableDoesNotMeet) {
  auto result = study({1.0, 0.95, 0.95}, {0.99, 0.92, 0.95});
  auto second = sample_trial("a", 8, 2, 20);
  second.metrics.slo_attainment = 0.4;
  second.verdict = record::Verdict::invalid;
  second.codes = {{"unstable", "", ""}};
  result.trials.push_back(second);
  const auto rows = make_rows(result);
  const auto at = at_slo(result, rows)[0];
  EXPECT_EQ(at.standings[0].row->load.label(), "c=1");
}

TEST(AtSlo, ArmsStandApart) {
  auto result = study({1.0, 0.95, 0.5}, {0.99, 0.92, 0.5});
  result.study["engines"][0]["arms"] = {"shipped"};
  result.study["engines"][1]["arms"] = {"equalised"};
  const auto rows = make_rows(result);
  const auto found = at_slo(result, rows);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].arm, "shipped");
  ASSERT_EQ(found[1].standings.size(), 1U);
  EXPECT_EQ(found[1].standings[0].engine, "b");
  const auto table = slo_table(result, found[1]);
  EXPECT_EQ(table.id, "slo-chat-equalised");
  EXPECT_THAT(table.title, StartsWith("Workload chat, arm equalised, at the SLO"));
}

TEST(AtSlo, CaveatsStandBesideTheLead) {
  auto result = study({1.0, 0.95, 0.5}, {0.99, 0.92, 0.5});
  compare_goodput(result, 8, "different");
  result.comparisons[0]["caveats"] = {"rests on block 2: without it the interval holds 1"};
  const auto rows = make_rows(result);
  EXPECT_THAT(at_slo(result, rows)[0].lead,
              HasSubstr(" Beside it: rests on block 2: without it the interval holds 1."));
}

TEST(AtSlo, SaysWhyAnEngineMeetsItNowhere) {
  const auto result = study({0.2, 0.2, 0.2}, {0.1, 0.1, 0.1});
  const auto rows = make_rows(result);
  const auto at = at_slo(result, rows)[0];
  EXPECT_EQ(at.lead, "No engine is shown to meet the SLO at any measured load of chat.");
  const auto table = slo_table(result, at);
  EXPECT_EQ(table.rows[0].state, RowState::bad);
  EXPECT_THAT(table_markdown(table), testing::Not(HasSubstr("**")));  // bold is the best value
  EXPECT_THAT(table.notes,
              Contains("a meets the SLO at no measured load: at c=1 only 20.0 % of the requests "
                       "are good"));
}

TEST(AtSlo, OneNoteForAReason) {
  auto result = study({1.0, 0.95, 0.5}, {0.99, 0.92, 0.5});
  const auto lacks = [&result](const char* engine, const char* metric, const std::string& why) {
    result.estimates.push_back({{"engine", engine},
                                {"workload", "chat"},
                                {"metric", metric},
                                {"load", {{"kind", "closed"}, {"concurrency", 8}}},
                                {"median", nullptr},
                                {"reason", why}});
  };
  result.estimates = nlohmann::json::array();
  for (const auto& trial : result.trials) {
    if (trial.load.concurrency != 8 || trial.repeat != 1) continue;
    const auto* const engine = trial.engine == "a" ? "a" : "b";
    lacks(engine, "ttft_p95_ms", "needs 200 samples, has 8 in " + trial.id);
    lacks(engine, "tpot_p95_ms",
          fmt::format("needs 200 samples, has {} in {}", engine[0] == 'a' ? 8 : 9, trial.id));
  }
  const auto rows = make_rows(result);
  const auto notes = slo_table(result, at_slo(result, rows)[0]).notes;
  EXPECT_THAT(notes, Contains("TTFT p95, TPOT p95: needs 200 samples, has 8"));
  EXPECT_THAT(notes, Contains("TPOT p95 of b: needs 200 samples, has 9"));
}

TEST(AtSlo, IsEmptyWithoutAnSlo) {
  const auto result = compared_study();
  const auto rows = make_rows(result);
  EXPECT_TRUE(at_slo(result, rows).empty());
  EXPECT_EQ(slo_sentence(result), "");
  EXPECT_EQ(slo_sentence(study({1, 1, 1}, {1, 1, 1})),
            "TTFT 500 ms, TPOT 50 ms, for 90 % of the requests");
}

TEST(AtSlo, TellsOutputForEachGpuOnlyWhereEveryEngineSaysHowManyItUses) {
  auto result = study({1, 1, 1}, {1, 1, 1});
  const auto name = [&result] {
    const auto rows = make_rows(result);
    return slo_table(result, at_slo(result, rows)[0]).columns[3].key;
  };
  EXPECT_EQ(name(), "output");
  for (auto& trial : result.trials) trial.engine_info["gpu_facts"] = {{"count", 2}};
  EXPECT_EQ(name(), "output_per_gpu");
}

}  // namespace
}  // namespace tokamark::report
