#include "calibration/calibrate.h"

#include <gtest/gtest.h>

namespace tokamark::calibration {
namespace {

using std::chrono::milliseconds;

CalibrationShape brief() {
  CalibrationShape shape;
  shape.load.kind = workload::LoadKind::closed;
  shape.load.concurrency = 4;
  shape.first_token = milliseconds(5);
  shape.token_gap = milliseconds(2);
  shape.output_tokens = 10;
  shape.length = milliseconds(100);
  return shape;
}

// These play against a real socket; no assertion depends on how fast the machine is.
void expect_whole(const Calibration& c) {
  EXPECT_GT(c.error.requests, 0);
  EXPECT_EQ(c.error.failed, 0);
  EXPECT_EQ(c.error.tokens, 10 * c.error.requests);
  ASSERT_TRUE(c.error.token_time_error_ms.p50.has_value());
  EXPECT_GE(*c.error.token_time_error_ms.p50, 0.0);  // nothing is read before it was written
  EXPECT_GE(*c.error.ttft_error_ms.max, *c.error.ttft_error_ms.p99);
  EXPECT_GE(c.error.ttft_true_p50_ms, 5.0);
  EXPECT_GT(c.cpu_us_per_token, 0.0);
}

TEST(Calibrate, EveryTokenOfAClosedLoadMeetsItsTrueTime) {
  std::atomic<bool> stop{false};
  const auto result = calibrate(brief(), stop);
  ASSERT_TRUE(result.has_value()) << result.error().message;
  expect_whole(result.value());
  EXPECT_GE(result.value().error.requests, 4);
}

TEST(Calibrate, AColdStartIsMeasuredFromTheFirstRequest) {
  std::atomic<bool> stop{false};
  CalibrationShape shape = brief();
  shape.length = milliseconds(1);  // only the first four are due before it ends
  shape.start = CalibrationShape::Start::cold;
  const auto result = calibrate(shape, stop);
  ASSERT_TRUE(result.has_value()) << result.error().message;
  expect_whole(result.value());
  EXPECT_EQ(result.value().error.requests, 4);
}

TEST(Calibrate, OpenLoadsBurstsAndChunksOfSeveralTokens) {
  std::atomic<bool> stop{false};
  CalibrationShape shape = brief();
  shape.load.kind = workload::LoadKind::open;
  shape.load.rate_per_s = 200;
  shape.load.arrivals = workload::Arrivals::constant;
  shape.bursts = 2;
  shape.tokens_per_chunk = 4;
  const auto result = calibrate(shape, stop);
  ASSERT_TRUE(result.has_value()) << result.error().message;
  expect_whole(result.value());
  const nlohmann::json json = to_json(result.value());
  EXPECT_EQ(json.at("tokens_per_chunk"), 4);
  EXPECT_TRUE(json.at("itl_error_ms").at("p99").is_number());
}

TEST(Calibrate, MoreStreamsThanDescriptorsAreRefusedAtOnce) {
  std::atomic<bool> stop{false};
  CalibrationShape shape = brief();
  shape.load.concurrency = most_streams() + 1;
  const auto result = calibrate(shape, stop);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().kind, base::ErrorKind::usage);
  EXPECT_NE(result.error().message.find(std::to_string(most_streams())), std::string::npos);
}

TEST(Calibrate, ARateWithoutRequestsIsRefused) {
  std::atomic<bool> stop{false};
  CalibrationShape shape = brief();
  shape.load.kind = workload::LoadKind::open;
  shape.load.rate_per_s = 0.001;
  shape.load.arrivals = workload::Arrivals::constant;
  const auto result = calibrate(shape, stop);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().kind, base::ErrorKind::usage);
}

}  // namespace
}  // namespace tokamark::calibration
