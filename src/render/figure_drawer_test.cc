#include "render/figure_drawer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tokamark::render {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

/// One set of fonts and one engine for all tests, as in the program.
class Drawing : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    fonts_ = std::move(Fonts::load().value());
    drawer_ = std::move(FigureDrawer::make(*fonts_).value());
  }
  static void TearDownTestSuite() {
    drawer_.reset();
    fonts_.reset();
  }
  static base::Result<DrawnFigure> draw(const json& spec, const std::string& target = "col1") {
    return drawer_->draw(spec, target);
  }

 private:
  inline static std::unique_ptr<Fonts> fonts_;
  inline static std::unique_ptr<FigureDrawer> drawer_;
};

json bars() {
  return json::parse(R"({
    "width": 120, "height": 60,
    "data": {"values": [{"a": "first", "b": 1}, {"a": "second", "b": 2}]},
    "mark": "bar",
    "encoding": {"x": {"field": "a", "type": "nominal", "axis": {"labelAngle": 0}},
                 "y": {"field": "b", "type": "quantitative"}}})");
}

json said(const std::string& text) {
  return json::parse(R"({"width": 100, "height": 20, "data": {"values": [{}]}})")
      .patch(json::array(
          {{{"op", "add"}, {"path", "/mark"}, {"value", {{"type", "text"}, {"text", text}}}}}));
}

TEST_F(Drawing, GivesSvgWithoutWarnings) {
  const auto drawn = draw(bars());
  ASSERT_TRUE(drawn.has_value()) << drawn.error().message;
  EXPECT_THAT(drawn.value().svg, HasSubstr("<svg"));
  EXPECT_THAT(drawn.value().svg, HasSubstr(">second</text>"));
  EXPECT_THAT(drawn.value().warnings, IsEmpty());
  EXPECT_THAT(drawn.value().layout, IsEmpty());
  EXPECT_GT(drawn.value().width, 120.0);
}

TEST_F(Drawing, IsTheSameBytesWhateverWasDrawnBefore) {
  auto clipped = bars();
  clipped["mark"] = {{"type", "bar"}, {"clip", true}};  // clips are numbered in an SVG
  const auto first = draw(clipped).value().svg;
  ASSERT_TRUE(draw(bars(), "web").has_value());
  EXPECT_EQ(draw(clipped).value().svg, first);
}

TEST_F(Drawing, AColumnIsTheWidthOfTheWholeFigure) {
  auto spec = bars();
  spec["width"] = json::parse(R"({"$target": {"col1": 150, "col2": 400, "web": 800}})");
  EXPECT_EQ(draw(spec, "col1").value().width, 238.0);
  EXPECT_EQ(draw(spec, "col2").value().width, 493.0);
  EXPECT_GT(draw(spec, "web").value().width, 800.0);  // a page has no width of its own
}

TEST_F(Drawing, PanelsSideBySideGiveWayToTheirAxes) {
  auto panel = bars();
  panel["width"] = json::parse(R"({"$target": {"col1": 100, "col2": 230, "web": 400}})");
  const json spec{{"hconcat", {panel, panel}}};
  EXPECT_EQ(draw(spec, "col1").value().width, 238.0);
  EXPECT_EQ(draw(spec, "col2").value().width, 493.0);
}

TEST_F(Drawing, ATitleIsBrokenIntoLinesThatFit) {
  auto spec = bars();
  spec["height"] = json::parse(R"({"$target": {"col1": 60, "col2": 60, "web": 60}})");
  spec["title"] = "A title that says more than one line of a narrow column can hold";
  const auto drawn = draw(spec);
  EXPECT_EQ(drawn.value().width, 238.0);
  EXPECT_THAT(drawn.value().layout, IsEmpty());
  EXPECT_THAT(drawn.value().svg, HasSubstr("can hold</t"));
}

TEST_F(Drawing, ASpecificationWithoutTargetKeepsItsSize) {
  EXPECT_EQ(draw(bars(), "col1").value().width, draw(bars(), "web").value().width);
}

TEST_F(Drawing, AMissingTargetIsAnError) {
  auto spec = bars();
  spec["width"] = json::parse(R"({"$target": {"col2": 400}})");
  EXPECT_THAT(draw(spec).error().message, HasSubstr("has no \"col1\""));
}

TEST_F(Drawing, WarningsAreReported) {
  auto spec = bars();
  spec["encoding"]["y"]["scale"] = {{"type", "nothing"}};
  const auto drawn = draw(spec);
  ASSERT_TRUE(drawn.has_value()) << drawn.error().message;
  EXPECT_THAT(drawn.value().warnings, Not(IsEmpty()));
  EXPECT_THAT(draw(bars()).value().warnings, IsEmpty());  // and not with the next figure
}

TEST_F(Drawing, NeitherFilesNorAddressesAreRead) {
  for (const char* url : {"/etc/hostname", "file:///etc/hostname", "http://127.0.0.1:1/a.json",
                          "data:text/csv,a,b"}) {
    auto spec = bars();
    spec["data"] = {{"url", url}};
    const auto drawn = draw(spec);
    ASSERT_TRUE(drawn.has_error()) << url;
    EXPECT_THAT(drawn.error().message, HasSubstr("a figure must hold its data"));
    EXPECT_THAT(drawn.error().message, HasSubstr(url));
  }
  auto image = bars();
  image["mark"] = {{"type", "image"}, {"url", "http://127.0.0.1:1/a.png"}};
  EXPECT_THAT(draw(image).error().message, HasSubstr("a figure must hold its data"));
}

TEST_F(Drawing, HostileTextStaysText) {
  const auto drawn = draw(said("</text><script>alert(1)</script>\"'&\u2028]]>"));
  ASSERT_TRUE(drawn.has_value()) << drawn.error().message;
  EXPECT_THAT(drawn.value().svg, Not(HasSubstr("<script")));
  EXPECT_THAT(drawn.value().svg, HasSubstr("&lt;script&gt;alert(1)"));
}

TEST_F(Drawing, TextsThatLieOnEachOtherAreNamed) {
  auto spec = said("one");
  spec["layer"] = json::array({{{"mark", {{"type", "text"}, {"text", "one"}}}},
                               {{"mark", {{"type", "text"}, {"text", "two"}, {"dx", 5}}}}});
  spec.erase("mark");
  EXPECT_THAT(draw(spec).value().layout, ElementsAre("\"one\" lies on \"two\""));
}

TEST_F(Drawing, ATextThatLeavesTheFigureIsNamed) {
  auto spec = said("far away");
  spec["mark"]["dx"] = 90;
  spec["autosize"] = "none";
  EXPECT_THAT(draw(spec).value().layout, ElementsAre("\"far away\" leaves the figure"));
}

TEST_F(Drawing, ALongLabelIsCutWhereItsLimitSays) {
  auto spec = said(std::string(40, 'm'));
  spec["mark"]["limit"] = 60;
  EXPECT_THAT(draw(spec).value().svg, HasSubstr("mmm…</text>"));
}

TEST_F(Drawing, WhatIsNoSpecificationIsAnErrorAndNotTheEnd) {
  EXPECT_TRUE(draw(json::object()).has_error());
  EXPECT_TRUE(draw({{"mark", 3}}).has_error());
  EXPECT_TRUE(draw(bars()).has_value());
}

}  // namespace
}  // namespace tokamark::render
