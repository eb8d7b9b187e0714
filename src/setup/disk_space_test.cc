#include "setup/disk_space.h"

#include <gtest/gtest.h>

#include <limits>

namespace tokamark::setup {
namespace {

TEST(SizeText, CountsInPowersOf1000) {
  EXPECT_EQ("0 B", size_text(0));
  EXPECT_EQ("999 B", size_text(999));
  EXPECT_EQ("1.0 kB", size_text(1000));
  EXPECT_EQ("1.0 MB", size_text(999'960));
  EXPECT_EQ("109.0 GB", size_text(109'000'000'000));
  EXPECT_EQ("1000.0 TB", size_text(1'000'000'000'000'000));
}

TEST(DiskSpace, AFolderThatDoesNotExistYetLiesOnItsParentsDisk) {
  EXPECT_TRUE(free_bytes("/tmp/not/there/yet").has_value());
  EXPECT_TRUE(same_disk("/tmp", "/tmp/not/there/yet"));
  EXPECT_FALSE(same_disk("/proc", "/tmp"));
}

TEST(DiskSpace, TooLittleIsAnErrorThatNamesBothNumbers) {
  EXPECT_TRUE(check_space({"/tmp", 0, "nothing", "-"}).has_value());
  const auto refused =
      check_space({"/tmp", std::numeric_limits<std::uint64_t>::max(), "a test", "make room"});
  ASSERT_TRUE(refused.has_error());
  EXPECT_EQ(base::ErrorKind::output, refused.error().kind);
  EXPECT_NE(std::string::npos, refused.error().message.find("a test"));
  EXPECT_NE(std::string::npos, refused.error().message.find("are free"));
}

}  // namespace
}  // namespace tokamark::setup
