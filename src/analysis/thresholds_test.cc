#include "analysis/thresholds.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "analysis/codes.h"

namespace tokamark::analysis {
namespace {

TEST(Thresholds, EachHasItsOwnKeyAValueInItsRangeAndAKnownCode) {
  std::set<std::string> keys;
  for (const ThresholdInfo& info : all_thresholds()) {
    EXPECT_TRUE(keys.insert(std::string(info.key)).second) << info.key;
    EXPECT_NE(find_code(info.code), nullptr) << info.key;
    EXPECT_GT(Thresholds().*info.value, 0.0) << info.key;
    EXPECT_LE(Thresholds().*info.value, info.most) << info.key;
    EXPECT_EQ(info.meaning.back(), '.') << info.key;
  }
  EXPECT_EQ(keys.size() * sizeof(double), sizeof(Thresholds));  // none was forgotten
}

TEST(Thresholds, SurviveJson) {
  Thresholds thresholds;
  double value = 0.001;
  for (const ThresholdInfo& info : all_thresholds()) thresholds.*info.value = value += 0.001;
  const Thresholds back = thresholds_from_json(to_json(thresholds));
  for (const ThresholdInfo& info : all_thresholds()) {
    EXPECT_EQ(back.*info.value, thresholds.*info.value) << info.key;
  }
}

TEST(Thresholds, AbsentOnesKeepTheirDefaults) {
  EXPECT_EQ(thresholds_from_json(nullptr).error_share, 0.01);
  const Thresholds some = thresholds_from_json({{"error_share", 0.2}});
  EXPECT_EQ(some.error_share, 0.2);
  EXPECT_EQ(some.held_share, 0.95);
}

TEST(Thresholds, OnlyChangedOnesAreNamed) {
  Thresholds thresholds;
  EXPECT_TRUE(changed_thresholds(thresholds).empty());
  thresholds.error_share = 0.2;
  const nlohmann::json expected = {{"error_share", {{"value", 0.2}, {"default", 0.01}}}};
  EXPECT_EQ(changed_thresholds(thresholds), expected);
}

}  // namespace
}  // namespace tokamark::analysis
