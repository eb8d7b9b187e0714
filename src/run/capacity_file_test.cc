#include "run/capacity_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tokamark::run {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

study::Study study_of(const std::string& kind) {
  study::Study study;
  study.engines.resize(1);
  study.engines[0].name = "a";
  study.engines[0].kind = kind;
  study.slo.ttft_ms = 500.0;
  return study;
}

/// 2 requests/s met in five runs; 4 missed in one run that was overloaded.
CapacitySearchResult half_done() {
  CapacitySearchResult found;
  found.engine = "a";
  found.workload = "chat";
  capacity::Level met;
  met.load = 2.0;
  met.standing = capacity::Standing::meets;
  met.runs.assign(5, {1.0, 1000, false});
  capacity::Level missed;
  missed.load = 4.0;
  missed.runs = {{0.0, 10, true}};
  missed.invalid = 1;
  found.levels = {met, missed};
  found.answer.low = 2.0;
  found.answer.end = capacity::End::budget;
  found.trials[4.0] = {"r1-a-chat-rate4", "r1.2-a-chat-rate4"};
  return found;
}

TEST(CapacityFile, SaysWhatIsKnownAndWhatIsNot) {
  const auto json = capacity_json(study_of("vllm"), {}, {half_done()});
  EXPECT_EQ(json["simulated"], false);
  EXPECT_EQ(json["slo"]["ttft_ms"], 500.0);
  EXPECT_TRUE(json["slo"]["tpot_ms"].is_null());
  const auto& search = json["searches"][0];
  EXPECT_EQ(search["outcome"], "not_resolved");
  EXPECT_EQ(search["ended_by"], "budget");
  EXPECT_EQ(search["low"], 2.0);
  EXPECT_TRUE(search["high"].is_null());
  EXPECT_TRUE(search["relative_width"].is_null());
  EXPECT_EQ(search["runs"], 7);
  const auto& missed = search["loads"][1];
  EXPECT_EQ(missed["standing"], "undecided");
  EXPECT_EQ(missed["overloaded_runs"], 1);
  EXPECT_EQ(missed["invalid_runs"], 1);
  EXPECT_EQ(missed["attainment_mean"], 0.0);
  EXPECT_TRUE(missed["attainment_low"].is_null());  // one run has no interval
  EXPECT_EQ(missed["trials"].size(), 2U);
}

TEST(CapacityText, EachKindOfAnswer) {
  CapacitySearchResult found;
  EXPECT_EQ(capacity_text(found), "not known");
  found.answer.low = 2.0;
  EXPECT_EQ(capacity_text(found), "2 requests/s or more");
  found.answer.high = 2.5;
  EXPECT_EQ(capacity_text(found), "2 to 2.5 requests/s");
  found.answer.low.reset();
  found.kind = workload::LoadKind::closed;
  EXPECT_EQ(capacity_text(found), "below 2.5 requests in flight");
}

TEST(CapacityTable, SimulatedIsSaid) {
  EXPECT_THAT(capacity_table(study_of("simulated"), {}, {half_done()}), HasSubstr("SIMULATED"));
  EXPECT_THAT(capacity_table(study_of("vllm"), {}, {half_done()}), Not(HasSubstr("SIMULATED")));
}

TEST(CapacityTable, ALoadThatMeetsAboveOneThatMissesIsSaid) {
  CapacitySearchResult found = half_done();
  EXPECT_THAT(capacity_table(study_of("vllm"), {}, {found}), Not(HasSubstr("not monotone")));
  found.answer.meets_above = {8.0};
  EXPECT_THAT(capacity_table(study_of("vllm"), {}, {found}), HasSubstr("not monotone: 8 meets"));
}

}  // namespace
}  // namespace tokamark::run
