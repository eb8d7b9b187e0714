#include "calibration/instrument_error.h"

#include <gtest/gtest.h>

namespace tokamark::calibration {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr base::TimePoint kStart{std::chrono::seconds(100)};

/// Due at 10 ms, sent 20 us late; three chunks, whose true times are 60, 70 and 80 ms.
sim::TruthRecord truth(std::uint64_t sequence) {
  sim::TruthRecord t;
  t.request_id = "tokamark-" + std::to_string(sequence);
  for (int i = 0; i < 3; ++i) t.emissions.push_back(kStart + milliseconds(60 + 10 * i));
  return t;
}

record::RequestRecord measured(std::uint64_t sequence, std::vector<base::Nanos> lags) {
  record::RequestRecord r;
  r.sequence = sequence;
  r.phase = record::Phase::measured;
  r.status = record::RequestStatus::succeeded;
  r.scheduled = milliseconds(10);
  r.sent = milliseconds(10) + microseconds(20);
  r.output_tokens = static_cast<std::int64_t>(lags.size());
  for (std::size_t i = 0; i < lags.size(); ++i) {
    record::Chunk chunk;
    chunk.time = milliseconds(60 + 10 * static_cast<int>(i)) + lags[i];
    chunk.flags = record::kKernelStamp;
    r.chunks.push_back(chunk);
  }
  r.first_token = r.chunks.front().time;
  return r;
}

TEST(InstrumentError, IsMeasuredMinusTrue) {
  const auto records = {measured(7, {microseconds(5), microseconds(3), microseconds(9)})};
  const std::vector<record::RequestRecord> list(records);
  const auto known = std::vector{truth(7)};
  const InstrumentError e = compare(list, known, kStart, 1);
  EXPECT_EQ(e.requests, 1);
  EXPECT_EQ(e.tokens, 3);
  EXPECT_EQ(e.failed, 0);
  EXPECT_NEAR(*e.ttft_error_ms.p50, 0.005, 1e-9);
  // Gaps: 3 - 5 = -2 us and 9 - 3 = +6 us. Nearest rank p50 of {-2, 6} is the first.
  EXPECT_NEAR(*e.itl_error_ms.p50, -0.002, 1e-9);
  EXPECT_NEAR(*e.itl_error_ms.max, 0.006, 1e-9);
  EXPECT_NEAR(*e.token_time_error_ms.p50, 0.005, 1e-9);
  EXPECT_NEAR(*e.lateness_ms.p99, 0.020, 1e-9);
  EXPECT_NEAR(e.ttft_true_p50_ms, 50.0, 1e-9);
  EXPECT_EQ(distrust(e, {}), "");
}

TEST(InstrumentError, AReaderThatIsFiveMillisecondsLateIsNotTrusted) {
  const std::vector list{measured(1, {milliseconds(5), milliseconds(5), milliseconds(5)})};
  const InstrumentError e = compare(list, std::vector{truth(1)}, kStart, 1);
  EXPECT_EQ(distrust(e, {}), "p99 TTFT error 5.000 ms");
}

TEST(InstrumentError, OneLateTokenShowsInItlAlone) {
  const std::vector list{measured(1, {microseconds(5), microseconds(305), microseconds(5)})};
  const InstrumentError e = compare(list, std::vector{truth(1)}, kStart, 1);
  EXPECT_EQ(distrust(e, {}), "p99 ITL error 0.300 ms");  // 2 % of 10 ms is 0.2 ms
  TrustRule slower;
  slower.itl_ms = 20.0;  // 2 % of 20 ms is 0.4 ms
  EXPECT_EQ(distrust(e, slower), "");
}

TEST(InstrumentError, ARequestWithoutItsTrueRecordCountsAsFailed) {
  const std::vector list{measured(1, {microseconds(5), microseconds(5), microseconds(5)}),
                         measured(2, {microseconds(5), microseconds(5)})};
  const InstrumentError e = compare(list, std::vector{truth(2)}, kStart, 1);
  EXPECT_EQ(e.requests, 0);
  EXPECT_EQ(e.failed, 2);  // 1 has no true record, 2 has a chunk too few
  EXPECT_EQ(distrust(e, {}), "2 requests failed");
}

TEST(InstrumentError, EventsOfSeveralTokensAreComparedByEvent) {
  sim::TruthRecord t = truth(1);
  t.emissions = {kStart + milliseconds(60), kStart + milliseconds(60), kStart + milliseconds(70)};
  const std::vector list{measured(1, {microseconds(5), microseconds(5)})};
  const InstrumentError e = compare(list, std::vector{t}, kStart, 2);
  EXPECT_EQ(e.failed, 0);
  EXPECT_NEAR(*e.itl_error_ms.max, 0.0, 1e-9);
}

}  // namespace
}  // namespace tokamark::calibration
