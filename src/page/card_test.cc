#include "page/card.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/sample_for_tests.h"

namespace tokamark::page {
namespace {

using namespace tokamark::report;
using testing::HasSubstr;
using testing::Not;

record::StudyResult with_estimates() {
  auto result = compared_study();
  for (const auto& [engine, value] : {std::pair{"a", 800.0}, std::pair{"b", 400.0}}) {
    result.estimates.push_back({{"engine", engine},
                                {"workload", "chat"},
                                {"load", {{"kind", "closed"}, {"concurrency", 8}}},
                                {"metric", "output_tokens_per_s"},
                                {"R", 9},
                                {"runs", 9},
                                {"median", value},
                                {"low", 0.9 * value},
                                {"high", 1.1 * value},
                                {"reason", nullptr}});
  }
  return result;
}

TEST(Card, HasTheSizeOfASocialPictureAndItsTexts) {
  const auto card = make_card(with_estimates());
  EXPECT_EQ(card.id, "card");
  EXPECT_EQ(card.spec["width"], 1200.0);
  EXPECT_EQ(card.spec["height"], 630.0);
  const auto text = card.spec.dump();
  EXPECT_THAT(text, HasSubstr("\"compared\""));
  EXPECT_THAT(text, HasSubstr("All 18 trials are valid."));
  EXPECT_THAT(text, HasSubstr("Output of chat at c=8, tokens/s"));
  EXPECT_THAT(text, HasSubstr("800 [720, 880]"));
  EXPECT_THAT(text, Not(HasSubstr("SIMULATED")));
}

TEST(Card, BarsHaveTheLengthsOfTheirValues) {
  const auto card = make_card(with_estimates());
  std::vector<double> lengths;
  for (const auto& layer : card.spec["layer"]) {
    const auto& mark = layer["mark"];
    if (mark["type"] == "rect" && mark["y2"].get<double>() - mark["y"].get<double>() > 12.5 &&
        mark["x"] != 0.0) {
      lengths.push_back(mark["x2"].get<double>() - mark["x"].get<double>());
    }
  }
  ASSERT_EQ(lengths.size(), 2U);
  EXPECT_NEAR(lengths[1] / lengths[0], 0.5, 1e-9);
}

TEST(Card, SaysWhatIsChangedMissingAndNotShown) {
  auto result = with_estimates();
  result.manifest["validity_changed"] = {{"late_share", {{"value", 0.5}, {"default", 0.001}}}};
  result.manifest["trials_missing"] = {"r7-a-chat-c8"};
  result.estimates.erase(1);  // b's
  const auto text = make_card(result).spec.dump();
  EXPECT_THAT(text, HasSubstr("All 18 trials are valid."));
  EXPECT_THAT(text, HasSubstr("Of 19 trials planned, one is not there: r7-a-chat-c8."));
  EXPECT_THAT(text, HasSubstr("The study changed the limits of a valid trial: late_share 0.5"));
  EXPECT_THAT(text, HasSubstr("; not shown: b"));
}

TEST(Card, SaysSimulated) {
  EXPECT_THAT(make_card(sample_study()).spec.dump(), HasSubstr("SIMULATED"));
}

TEST(Card, HostileTextIsDataAndNoExpression) {
  const auto card = make_card(hostile_study());
  for (const auto& layer : card.spec["layer"]) {
    if (layer["mark"]["type"] != "text") continue;
    EXPECT_FALSE(layer["mark"].contains("text"));
    EXPECT_THAT(layer.dump(), Not(HasSubstr("\\u001b")));
  }
}

}  // namespace
}  // namespace tokamark::page
