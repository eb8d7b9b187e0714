#include "figures/axes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tokamark::figures {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;

TEST(Axis, FromZeroEndsAboveTheLargestValue) {
  const auto axis = axis_from_zero("t", 37.0);
  EXPECT_EQ(axis.ticks, (std::vector<double>{0, 10, 20, 30, 40}));
  EXPECT_EQ(axis.high, 40.0);
  EXPECT_GT(axis_from_zero("t", 40.0).high, 40.0);
  EXPECT_EQ(axis_from_zero("t", 0.0).high, 1.0);
}

TEST(Axis, LabelsHaveTheDecimalsOfTheStep) {
  EXPECT_EQ(axis_from_zero("t", 37.0).format, ",.0f");
  EXPECT_EQ(axis_from_zero("t", 0.9).format, ",.1f");  // steps of 0.2
  EXPECT_EQ(axis_from_zero("t", 0.09).format, ",.2f");
}

TEST(Axis, BetweenTwoValuesNeedsNoZero) {
  const auto axis = axis_between("t", 96.0, 104.0);  // steps of 2: 8 * 1.06 / 5 = 1.7
  EXPECT_EQ(axis.low, 96.0);
  EXPECT_EQ(axis.high, 104.0);
  EXPECT_LT(axis_between("t", 5.0, 5.0).low, 5.0);  // one value has room on both sides
}

TEST(Axis, LogEndsAtOneTwoOrFiveTimesAPowerOfTen) {
  const auto axis = log_axis("t", 30.0, 700.0);
  EXPECT_THAT(axis.low, DoubleNear(20.0, 1e-9));
  EXPECT_THAT(axis.high, DoubleNear(1000.0, 1e-9));
  EXPECT_THAT(axis.ticks,
              ElementsAre(DoubleNear(20, 1e-9), DoubleNear(50, 1e-9), DoubleNear(100, 1e-9),
                          DoubleNear(200, 1e-9), DoubleNear(500, 1e-9), DoubleNear(1000, 1e-9)));
}

TEST(Axis, WideLogAxisHasTicksAtPowersOfTenAlone) {
  const auto axis = log_axis("t", 0.02, 700.0);  // with room below 0.02 it begins at 0.01
  EXPECT_THAT(axis.ticks,
              ElementsAre(DoubleNear(0.01, 1e-9), DoubleNear(0.1, 1e-9), DoubleNear(1, 1e-9),
                          DoubleNear(10, 1e-9), DoubleNear(100, 1e-9), DoubleNear(1000, 1e-9)));
}

TEST(Axis, PlacesAreShareOfTheLength) {
  EXPECT_DOUBLE_EQ(axis_from_zero("t", 37.0).place(10.0), 0.25);
  const Axis log{"t", 1.0, 100.0, {}, Steps::log, ""};
  EXPECT_DOUBLE_EQ(log.place(10.0), 0.5);
}

TEST(Axis, LoadsAreLogOnceTheySpanAFactorOfFour) {
  std::vector<workload::LoadShape> levels(2);
  levels[0].concurrency = 2;
  levels[1].concurrency = 8;
  EXPECT_EQ(load_axis(levels).steps, Steps::linear);
  levels[1].concurrency = 9;
  EXPECT_EQ(load_axis(levels).steps, Steps::log);
  EXPECT_EQ(load_axis(levels).ticks, (std::vector<double>{2, 9}));
}

}  // namespace
}  // namespace tokamark::figures
