#include "engine/model_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "engine/test_support.h"

namespace tokamark::engine {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

nlohmann::json weights_of(const fs::path& location) {
  EffectiveSettings settings;
  read_model_files(location, settings);
  const auto found = settings.find("weights");
  return found == settings.end() ? nlohmann::json() : found->second.value;
}

TEST(ModelFiles, LieWhereTheEngineReadsThem) {
  const test::TemporaryFolder folder;
  folder.write("own/models--org--model/refs/v2", "decade");
  EngineSpec spec;
  ModelSpec model;
  model.name = "org/model";
  model.revision = "v2";
  spec.env = {{"HF_HUB_CACHE", (folder.path() / "own").string()}};
  EXPECT_EQ(model_files_place(spec, model),
            folder.path() / "own/models--org--model/snapshots/decade");
  model.path = (folder.path() / "local").string();
  EXPECT_EQ(model_files_place(spec, model), folder.path() / "local");
}

/// The image sees the mounted folder, whatever its variables name on this side.
TEST(ModelFiles, OfAnImageLieInTheMountedCache) {
  const test::TemporaryFolder folder;
  ::setenv("HF_HOME", folder.path().c_str(), 1);
  EngineSpec spec;
  ModelSpec model;
  model.name = "org/model";
  spec.image = "registry/vllm:1";
  spec.env = {{"HF_HUB_CACHE", "/elsewhere"}};
  EXPECT_EQ(model_files_place(spec, model),
            folder.path() / "hub/models--org--model/snapshots/main");
  ::unsetenv("HF_HOME");
}

TEST(ModelFiles, OfOneFormatAreTheWeights) {
  const test::TemporaryFolder folder;
  EXPECT_THAT(weight_files(folder.path()), IsEmpty());
  const fs::path bin = folder.write("pytorch_model.bin", "1");
  EXPECT_THAT(weight_files(folder.path()), ElementsAre(bin));
  const fs::path second = folder.write("b.safetensors", "2");
  const fs::path first = folder.write("a.safetensors", "1");
  folder.write("m.gguf", "3");
  EXPECT_THAT(weight_files(folder.path()), ElementsAre(first, second));
}

TEST(ModelFiles, AnEmptyFileIsNoWeights) {
  const test::TemporaryFolder folder;
  folder.write("a.safetensors", "");
  const fs::path gguf = folder.write("m.gguf", "3");
  EXPECT_THAT(weight_files(folder.path()), ElementsAre(gguf));
}

TEST(ModelFiles, AreKnownByWhatIsInThem) {
  const test::TemporaryFolder one, two;
  one.write("a.safetensors", "abc");
  two.write("a.safetensors", "abc");
  EXPECT_FALSE(weights_of(one.path()).is_null());
  EXPECT_EQ(weights_of(one.path()), weights_of(two.path()));
  two.write("b.safetensors", "d");
  EXPECT_NE(weights_of(one.path()), weights_of(two.path()));
}

TEST(ModelFiles, ThatAreNotHereSayNothing) {
  const test::TemporaryFolder folder;
  EXPECT_TRUE(weights_of(folder.path()).is_null());
  EXPECT_TRUE(weights_of(folder.path() / "nowhere").is_null());
}

}  // namespace
}  // namespace tokamark::engine
