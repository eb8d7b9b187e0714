#include "analysis/fluidity.h"

#include <gtest/gtest.h>

#include <vector>

namespace tokamark::analysis {
namespace {

using std::chrono::milliseconds;

/// A measured answer, due at 1 s, with chunks at these milliseconds after that.
record::RequestRecord answer(const std::vector<int>& at_ms, std::uint16_t tokens = 1) {
  record::RequestRecord r;
  r.phase = record::Phase::measured;
  r.status = record::RequestStatus::succeeded;
  r.scheduled = milliseconds(1000);
  for (const int ms : at_ms) {
    r.chunks.push_back({milliseconds(1000 + ms), {}, tokens, record::kKernelStamp});
  }
  return r;
}

/// First token within 100 ms, then one every 10 ms.
double index_of(const record::RequestRecord& r) {
  const std::vector<record::RequestRecord> records{r};
  return compute_fluidity({100.0, 10.0, std::nullopt}, records).index.value();
}

TEST(Fluidity, IsOneWhereEveryTokenIsOnTime) {
  EXPECT_DOUBLE_EQ(index_of(answer({100, 110, 120})), 1.0);
}

TEST(Fluidity, AStallMissesEveryDeadlineThatPassed) {
  // Gap of 35 ms without slack: floor(35 / 10) = 3 missed; met are 100, 110, 120 and 165.
  EXPECT_DOUBLE_EQ(index_of(answer({100, 110, 120, 155, 165})), 4.0 / 7.0);
}

TEST(Fluidity, TimeSavedIsSlackForWhatFollows) {
  // The first comes 40 ms early, which pays for a gap of 10 + 40 ms, and for no more.
  EXPECT_DOUBLE_EQ(index_of(answer({60, 110})), 1.0);
  EXPECT_DOUBLE_EQ(index_of(answer({60, 111})), 1.0 / 2.0);  // floor((51 - 40) / 10) = 1
}

TEST(Fluidity, ALateFirstTokenMissesItsOwnDeadlineToo) {
  EXPECT_DOUBLE_EQ(index_of(answer({125, 135})), 1.0 / 4.0);  // 1 + floor(25 / 10) = 3
}

TEST(Fluidity, ABundleCountsItsTokensAndDelaysTheNextOne) {
  // Four tokens at 100 ms leave 30 ms of slack: the next bundle may come at 140.
  EXPECT_DOUBLE_EQ(index_of(answer({100, 140}, 4)), 1.0);
  EXPECT_DOUBLE_EQ(index_of(answer({100, 141}, 4)), 7.0 / 8.0);  // floor((41 - 30) / 10) = 1
}

TEST(Fluidity, AFailedRequestMissesWhatItWasAskedFor) {
  record::RequestRecord lost = answer({});
  lost.status = record::RequestStatus::failed;
  lost.requested_output_tokens = 5;
  const std::vector<record::RequestRecord> records{answer({100, 110, 120}), lost};
  EXPECT_DOUBLE_EQ(compute_fluidity({100.0, 10.0, std::nullopt}, records).index.value(), 3.0 / 8.0);
}

TEST(Fluidity, NeedsBothLimitsAndAMeasuredRequest) {
  const std::vector<record::RequestRecord> records{answer({100})};
  EXPECT_FALSE(compute_fluidity({100.0, std::nullopt, std::nullopt}, records).index);
  EXPECT_FALSE(compute_fluidity({100.0, 10.0, std::nullopt}, {}).index);
  EXPECT_FALSE(compute_fluidity({100.0, 10.0, std::nullopt}, {}).reason.empty());
}

}  // namespace
}  // namespace tokamark::analysis
