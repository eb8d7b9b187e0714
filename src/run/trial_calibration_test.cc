#include "run/trial_calibration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tokamark::run {
namespace {

using std::chrono::milliseconds;

record::RequestRecord answer(milliseconds ttft, milliseconds gap, int chunks, int tokens_each) {
  record::RequestRecord r;
  r.status = record::RequestStatus::succeeded;
  r.sent = milliseconds(100);
  r.first_token = r.sent + ttft;
  r.output_tokens = chunks * tokens_each;
  r.last_token = r.first_token + gap * (r.output_tokens - 1);
  for (int i = 0; i < chunks; ++i) r.chunks.push_back({});
  return r;
}

TEST(TrialCalibration, ThePaceIsTheMedianOfWhatSucceeded) {
  record::RequestRecord failed;
  const std::vector records{answer(milliseconds(40), milliseconds(8), 10, 2), failed,
                            answer(milliseconds(60), milliseconds(12), 20, 2),
                            answer(milliseconds(50), milliseconds(9), 30, 2)};
  const Pace pace = pace_of(records);
  EXPECT_EQ(pace.first_token, milliseconds(50));
  EXPECT_EQ(pace.token_gap, milliseconds(9));
  EXPECT_EQ(pace.tokens_per_chunk, 2U);
  EXPECT_EQ(pace.output_tokens, 40U);
}

TEST(TrialCalibration, AnswersAreCutToTheLength) {
  workload::LoadShape load;
  load.concurrency = 7;
  const Pace pace{milliseconds(2000), milliseconds(20), 1, 500};
  const auto shape = calibration_shape(load, pace, 2, std::chrono::seconds(1));
  EXPECT_EQ(shape.load.concurrency, 7U);
  EXPECT_EQ(shape.threads, 2U);
  EXPECT_EQ(shape.bursts, 1U);
  EXPECT_EQ(shape.first_token, milliseconds(500));
  EXPECT_EQ(shape.output_tokens, 25U);  // the other 500 ms hold 25 gaps of 20 ms
}

TEST(TrialCalibration, AnAnswerHasAtLeastOneGap) {
  const Pace pace{milliseconds(10), milliseconds(3000), 4, 500};
  const auto shape = calibration_shape({}, pace, 1, std::chrono::seconds(1));
  EXPECT_EQ(shape.output_tokens, 8U);
  EXPECT_EQ(shape.tokens_per_chunk, 4U);
}

TEST(TrialCalibration, WhatCannotBeCalibratedSaysWhy) {
  const std::atomic<bool> stop{false};
  calibration::CalibrationShape shape;
  shape.load.kind = workload::LoadKind::open;
  shape.load.rate_per_s = 0.001;
  shape.load.arrivals = workload::Arrivals::constant;
  const auto json = calibrate_trial(shape, stop);
  EXPECT_THAT(json.at("skipped").get<std::string>(), testing::HasSubstr("no request falls"));
}

}  // namespace
}  // namespace tokamark::run
