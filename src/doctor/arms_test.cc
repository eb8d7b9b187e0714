#include "doctor/arms.h"

#include <gtest/gtest.h>

namespace tokamark::doctor {
namespace {

using probe::Check;
using probe::CheckStatus;

std::vector<std::string> ids(const std::vector<EngineChecks>& engines) {
  std::vector<std::string> list;
  for (const Check& check : merge_arms(engines)) list.push_back(check.id);
  return list;
}

EngineChecks engine(const std::string& name, const std::string& memory) {
  return {name,
          {{name + ".port", CheckStatus::ok, "8010 is free"},
           {name + ".memory", CheckStatus::ok, memory}}};
}

TEST(Arms, WhatIsTheSameInAllOfThemIsToldOnce) {
  EXPECT_EQ(ids({engine("vllm.shipped", "1"), engine("vllm.equal", "1"), engine("other", "1")}),
            (std::vector<std::string>{"vllm.port", "vllm.memory", "other.port", "other.memory"}));
  EXPECT_EQ(ids({engine("vllm.shipped", "1"), engine("vllm.equal", "2")}),
            (std::vector<std::string>{"vllm.port", "vllm.shipped.memory", "vllm.equal.memory"}));
}

TEST(Arms, OtherEnginesKeepTheirNames) {
  EXPECT_EQ(ids({engine("a", "1"), engine("b", "1")}),
            (std::vector<std::string>{"a.port", "a.memory", "b.port", "b.memory"}));
  EXPECT_EQ(ids({engine("vllm-0.33", "1")}),
            (std::vector<std::string>{"vllm-0.33.port", "vllm-0.33.memory"}));
}

TEST(Arms, NamesAreJoined) {
  EXPECT_EQ(joined_names({"vllm.shipped", "sglang", "vllm.equal", "v-0.33"}),
            "vllm, sglang, v-0.33");
}

}  // namespace
}  // namespace tokamark::doctor
