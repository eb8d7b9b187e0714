#include "figures/places.h"

#include <gtest/gtest.h>

namespace tokamark::figures {
namespace {

constexpr PlotPixels kPlot{200.0, 100.0, 10.0};

TEST(LabelPlaces, ALonePointHasItsLabelAboveOnTheRight) {
  const auto places = place_labels({{0.5, 0.5, "c=8"}}, kPlot);
  ASSERT_EQ(places.size(), 1u);
  EXPECT_TRUE(places[0].show);
  EXPECT_GT(places[0].dx, 0.0);
  EXPECT_LT(places[0].dy, 0.0);
  EXPECT_STREQ(places[0].align, "left");
}

TEST(LabelPlaces, AtTheRightEdgeTheLabelTurnsLeft) {
  const auto places = place_labels({{0.99, 0.5, "c=128"}}, kPlot);
  EXPECT_TRUE(places[0].show);
  EXPECT_STREQ(places[0].align, "right");
}

TEST(LabelPlaces, NeighboursDoNotCoverEachOther) {
  // Ten pixels apart: the second point's label cannot stand where the first one's does.
  const auto places = place_labels({{0.5, 0.5, "c=8"}, {0.55, 0.5, "c=9"}}, kPlot);
  EXPECT_TRUE(places[0].show);
  EXPECT_TRUE(places[1].show);
  EXPECT_TRUE(places[0].dx != places[1].dx || places[0].dy != places[1].dy);
}

TEST(LabelPlaces, ALabelWithoutRoomIsNotShown) {
  const auto places = place_labels({{0.5, 0.5, std::string(60, 'x')}}, kPlot);
  EXPECT_FALSE(places[0].show);
}

}  // namespace
}  // namespace tokamark::figures
