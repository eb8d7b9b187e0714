#include "figures/themes.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace tokamark::figures {
namespace {

std::set<std::string> keys(const nlohmann::json& theme) {
  std::set<std::string> found;
  const auto flat = theme.flatten();
  for (const auto& [key, value] : flat.items()) {
    found.insert(key);
  }
  return found;
}

TEST(Themes, SetTheSameKeysSoThatOneReplacesAnother) {
  EXPECT_EQ(keys(theme(Theme::paper)), keys(theme(Theme::web)));
  EXPECT_EQ(keys(theme(Theme::slides)), keys(theme(Theme::web)));
}

TEST(Themes, NameInterFirstWhichTheRendererCarries) {
  for (const auto each : {Theme::paper, Theme::slides, Theme::web}) {
    EXPECT_EQ(theme(each).at("font").get<std::string>().find("Inter,"), 0U) << to_word(each);
  }
}

TEST(Themes, AreKnownByTheirWords) {
  EXPECT_EQ(parse_theme("slides").value(), Theme::slides);
  const auto unknown = parse_theme("dark");
  ASSERT_TRUE(unknown.has_error());
  EXPECT_EQ(unknown.error().message, "no theme is named 'dark'; there are paper, slides, web");
}

}  // namespace
}  // namespace tokamark::figures
