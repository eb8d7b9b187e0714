#include "roofline/model_facts.h"

#include <gtest/gtest.h>

#include <limits>

namespace tokamark::roofline {
namespace {

ModelFacts facts() { return {1e9, 2e8, 16, 1, 5e8, 1e8, 3e5, 2048}; }

TEST(ModelFacts, SurviveJson) {
  const auto read = model_facts_from_json(to_json(facts()));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(to_json(read.value()), to_json(facts()));
  const auto ceilings = ceilings_from_json(to_json(Ceilings{1e12, 1e14}));
  ASSERT_TRUE(ceilings.has_value());
  EXPECT_DOUBLE_EQ(ceilings.value().flops_per_s, 1e14);
}

TEST(ModelFacts, RefuseWhatCannotBeDividedBy) {
  for (const auto& bad :
       {nlohmann::json(0), nlohmann::json(-1), nlohmann::json("1"), nlohmann::json(nullptr),
        nlohmann::json(std::numeric_limits<double>::infinity())}) {
    auto json = to_json(facts());
    json["dense_bytes"] = bad;
    const auto read = model_facts_from_json(json);
    ASSERT_FALSE(read.has_value()) << bad;
    EXPECT_EQ(read.error().message, "dense_bytes is not a number in its range");
  }
  EXPECT_FALSE(ceilings_from_json(nlohmann::json::array()).has_value());
}

TEST(ModelFacts, TakeADenseModelWithoutExpertBytes) {
  auto json = to_json(facts());
  json["expert_bytes"] = 0;
  EXPECT_TRUE(model_facts_from_json(json).has_value());
}

}  // namespace
}  // namespace tokamark::roofline
