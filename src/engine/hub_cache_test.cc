#include "engine/hub_cache.h"

#include <gtest/gtest.h>

#include "engine/test_support.h"

namespace tokamark::engine {
namespace {

TEST(HubCache, IsWhereTheEnginesVariablesSay) {
  EXPECT_EQ(hub_cache({{"HF_HUB_CACHE", "/a"}, {"HF_HOME", "/b"}}), "/a");
  EXPECT_EQ(hub_cache({{"HF_HUB_CACHE", ""}, {"HUGGINGFACE_HUB_CACHE", ""}, {"HF_HOME", "/b"}}),
            "/b/hub");
  EXPECT_EQ(hub_home({{"HF_HOME", ""}, {"XDG_CACHE_HOME", "/c"}}), "/c/huggingface");
  EXPECT_EQ(hub_home({{"HF_HOME", ""}, {"XDG_CACHE_HOME", ""}, {"HOME", "/d"}}),
            "/d/.cache/huggingface");
}

TEST(HubCache, ARevisionIsACommitOrAReferenceToOne) {
  const test::TemporaryFolder cache;
  cache.write("models--org--model/refs/main", "c0ffee\n");
  cache.write("models--org--model/refs/v2", "decade");
  const auto snapshots = cache.path() / "models--org--model" / "snapshots";
  EXPECT_EQ(hub_snapshot(cache.path(), "org/model", ""), snapshots / "c0ffee");
  EXPECT_EQ(hub_snapshot(cache.path(), "org/model", "v2"), snapshots / "decade");
  EXPECT_EQ(hub_snapshot(cache.path(), "org/model", "c0ffee"), snapshots / "c0ffee");
  EXPECT_EQ(hub_snapshot(cache.path(), "org/other", ""),
            cache.path() / "models--org--other" / "snapshots" / "main");
}

}  // namespace
}  // namespace tokamark::engine
