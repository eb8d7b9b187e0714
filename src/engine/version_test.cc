#include "engine/version.h"

#include <gtest/gtest.h>

namespace tokamark::engine {
namespace {

TEST(Version, IsMetByANearerNamingOfIt) {
  for (const char* found : {"0.32", "0.32.1", "0.32+cpu", "0.32-rc1"}) {
    EXPECT_TRUE(version_meets(found, "0.32")) << found;
  }
}

TEST(Version, IsNotMetByAnotherThatBeginsAlike) {
  for (const char* found : {"0.321", "0.32rc1", "0.3", "1.0.32", ""}) {
    EXPECT_FALSE(version_meets(found, "0.32")) << found;
  }
}

}  // namespace
}  // namespace tokamark::engine
