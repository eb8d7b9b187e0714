#include "render/raster.h"

#include <gtest/gtest.h>

namespace tokamark::render {
namespace {

constexpr const char* kSvg =
    R"(<svg xmlns="http://www.w3.org/2000/svg" width="72" height="36" viewBox="0 0 72 36">)"
    R"(<rect width="72" height="36" fill="white"/><rect width="36" height="36"/></svg>)";

std::uint32_t number_at(const std::string& bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    value = (value << 8) | static_cast<unsigned char>(bytes.at(at + i));
  }
  return value;
}

// PNG: eight bytes, then IHDR with width at 16 and height at 20, then pHYs from 33 on.
TEST(Png, HasThePixelsAndTheResolutionThatWereAskedFor) {
  const auto png = svg_to_png(kSvg, 300.0);
  ASSERT_TRUE(png.has_value()) << png.error().message;
  EXPECT_EQ(number_at(png.value(), 16), 300U);
  EXPECT_EQ(number_at(png.value(), 20), 150U);
  EXPECT_EQ(png.value().substr(37, 4), "pHYs");
  EXPECT_EQ(number_at(png.value(), 41), 11811U);  // 300 / 0.0254
}

TEST(Png, RefusesMoreThanAHundredMillionPixels) {
  const std::string huge =
      R"(<svg xmlns="http://www.w3.org/2000/svg" width="20000" height="20000"/>)";
  const auto png = svg_to_png(huge, 72.0);
  ASSERT_TRUE(png.has_error());
  EXPECT_NE(png.error().message.find("20000 x 20000 pixels are too many"), std::string::npos);
}

TEST(Pdf, CarriesItsTitleAndTheGivenDateAlone) {
  const auto pdf = svg_to_pdf(kSvg, {"A title", 1'767'323'045});  // 2026-01-02T03:04:05Z
  ASSERT_TRUE(pdf.has_value()) << pdf.error().message;
  EXPECT_NE(pdf.value().find("20260102030405Z"), std::string::npos);
  EXPECT_NE(pdf.value().find("(A title)"), std::string::npos);
  EXPECT_NE(pdf.value().find("/MediaBox [ 0 0 72 36 ]"), std::string::npos);
  EXPECT_EQ(pdf.value(), svg_to_pdf(kSvg, {"A title", 1'767'323'045}).value());
}

TEST(Raster, WhatIsNoSvgIsAnError) {
  EXPECT_TRUE(svg_to_png("<html/>", 72.0).has_error());
  EXPECT_TRUE(svg_to_pdf("", {}).has_error());
}

}  // namespace
}  // namespace tokamark::render
