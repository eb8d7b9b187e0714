#include "base/sha256.h"

#include <gtest/gtest.h>

namespace tokamark::base {
namespace {

// FIPS 180-2, appendix B.1.
TEST(Sha256, MatchesTheStandardsExample) {
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace tokamark::base
