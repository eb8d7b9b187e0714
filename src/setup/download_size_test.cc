#include "setup/download_size.h"

#include <gtest/gtest.h>

#include "setup/progress.h"

namespace tokamark::setup {
namespace {

TEST(DownloadSize, AddsUpWhatIsKnownAndCountsTheRest) {
  const auto size = read_package_sizes(
      R"([{"name":"a","version":"1","bytes":1500000},{"name":"b","version":"2","bytes":null},
          {"name":"c","version":"3","bytes":500000}])");
  ASSERT_TRUE(size.has_value());
  EXPECT_EQ(3U, size.value().files);
  EXPECT_EQ(2'000'000U, size.value().bytes);
  EXPECT_EQ(1U, size.value().unknown);
  EXPECT_EQ("3 packages, 2.0 MB and 1 of unknown size", size.value().text("package", "packages"));
}

TEST(DownloadSize, NeverShowsANumberThatNobodySaid) {
  EXPECT_EQ("1 package, size unknown", (DownloadSize{1, 0, 1}.text("package", "packages")));
  EXPECT_EQ("1 package, 5 B", (DownloadSize{1, 5, 0}.text("package", "packages")));
}

TEST(DownloadSize, WhatIsNoListIsAnError) {
  EXPECT_TRUE(read_package_sizes("Traceback").has_error());
  EXPECT_TRUE(read_package_sizes("").has_error());
  EXPECT_TRUE(read_package_sizes(R"({"bytes": 1})").has_error());
  EXPECT_TRUE(read_package_sizes(std::string(100'000, '[')).has_error());
  EXPECT_EQ(1U, read_package_sizes(R"([{"bytes":-5}])").value().unknown);
}

// 100 bytes packed are taken as 200 unpacked.
TEST(InstallSpace, UvLinksOnOneDiskAndCopiesToAnother) {
  const DownloadSize size{1, 100, 0};
  const InstallSpace same = install_space(size, InstallTool::uv, CachePlace::same_disk);
  EXPECT_EQ(200U, same.environment);
  EXPECT_EQ(0U, same.cache);
  const InstallSpace other = install_space(size, InstallTool::uv, CachePlace::other_disk);
  EXPECT_EQ(200U, other.environment);
  EXPECT_EQ(200U, other.cache);
}

TEST(InstallSpace, PipKeepsThePackedFiles) {
  const DownloadSize size{1, 100, 0};
  const InstallSpace same = install_space(size, InstallTool::pip, CachePlace::same_disk);
  EXPECT_EQ(300U, same.environment);
  EXPECT_EQ(0U, same.cache);
  const InstallSpace other = install_space(size, InstallTool::pip, CachePlace::other_disk);
  EXPECT_EQ(200U, other.environment);
  EXPECT_EQ(100U, other.cache);
}

TEST(TellingLine, IsTheFirstErrorElseTheLast) {
  EXPECT_EQ("ERROR: No matching distribution",
            telling_line("Looking\nERROR: No matching distribution\nnote: more\n"));
  EXPECT_EQ("  error: x", telling_line("a\n  error: x\n  hint: y\n"));
  EXPECT_EQ("last", telling_line("first\nlast\n\n"));
  EXPECT_EQ("", telling_line(""));
  EXPECT_EQ(std::string(240, 'x') + "...", telling_line(std::string(300, 'x')));
}

}  // namespace
}  // namespace tokamark::setup
