#include "analysis/steadiness.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <vector>

namespace tokamark::analysis {
namespace {

using std::chrono::milliseconds;

/// `n` answers of three tokens, due a second apart.
std::vector<record::RequestRecord> answers(int n, const std::function<int(int)>& ttft_ms,
                                           const std::function<int(int)>& tpot_ms) {
  std::vector<record::RequestRecord> records;
  for (int i = 0; i < n; ++i) {
    record::RequestRecord& r = records.emplace_back();
    r.phase = record::Phase::measured;
    r.status = record::RequestStatus::succeeded;
    r.scheduled = std::chrono::seconds(i);
    r.first_token = r.scheduled + milliseconds(ttft_ms(i));
    r.last_token = r.first_token + 2 * milliseconds(tpot_ms(i));
    r.output_tokens = 3;
  }
  return records;
}

TEST(Steadiness, ComparesTheFirstQuarterWithTheLast) {
  // Of 40 requests the first ten take 200 ms to the first token, the last ten 100 ms.
  const auto found = compute_steadiness(answers(
      40, [](int i) { return i < 10 ? 200 : 100; }, [](int i) { return i < 30 ? 10 : 30; }));
  EXPECT_NEAR(found.ttft_drift_log.value(), std::log(2.0), 1e-12);
  EXPECT_NEAR(found.tpot_drift_log.value(), -std::log(3.0), 1e-12);
}

TEST(Steadiness, OrderIsThatOfTheSchedule) {
  auto records = answers(
      40, [](int i) { return i < 10 ? 200 : 100; }, [](int) { return 10; });
  std::swap(records.front(), records.back());
  EXPECT_NEAR(compute_steadiness(records).ttft_drift_log.value(), std::log(2.0), 1e-12);
}

TEST(Steadiness, AlternatingLatenciesAreCorrelatedNegatively) {
  // Deviations are +a and -a in turn: 39 products of -a^2 over 40 squares.
  const auto found = compute_steadiness(answers(
      40, [](int i) { return i % 2 == 0 ? 100 : 200; }, [](int) { return 10; }));
  EXPECT_NEAR(found.ttft_autocorrelation.value(), -39.0 / 40.0, 1e-12);
}

TEST(Steadiness, SaysNothingOfFewOrConstantRequests) {
  const auto few = compute_steadiness(answers(
      19, [](int i) { return 100 + i; }, [](int) { return 10; }));
  EXPECT_FALSE(few.ttft_drift_log || few.tpot_drift_log || few.ttft_autocorrelation);
  const auto same = compute_steadiness(answers(
      40, [](int) { return 100; }, [](int) { return 10; }));
  EXPECT_DOUBLE_EQ(same.ttft_drift_log.value(), 0.0);
  EXPECT_FALSE(same.ttft_autocorrelation);
}

TEST(Steadiness, LeavesFailedAndUnmeasuredRequestsOut) {
  auto records = answers(
      60, [](int i) { return i < 20 ? 5000 : 100; }, [](int) { return 10; });
  for (int i = 0; i < 10; ++i) records[i].phase = record::Phase::warmup;
  for (int i = 10; i < 20; ++i) records[i].status = record::RequestStatus::failed;
  EXPECT_DOUBLE_EQ(compute_steadiness(records).ttft_drift_log.value(), 0.0);
}

}  // namespace
}  // namespace tokamark::analysis
