#include "base/files.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace tokamark::base {
namespace {

namespace fs = std::filesystem;

class Files : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "tokamark-files-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { fs::remove_all(folder_); }
  fs::path folder_;
};

TEST_F(Files, AtomicWriteReplacesTheFileAndLeavesNoTemporary) {
  const fs::path file = folder_ / "a.json";
  ASSERT_TRUE(write_file_atomic(file, "one").has_value());
  ASSERT_TRUE(write_file_atomic(file, "two").has_value());
  EXPECT_EQ(read_file(file, ErrorKind::study).value(), "two");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
}

TEST_F(Files, AReplacedFileIsWholeAndLeavesNoTemporary) {
  const fs::path file = folder_ / "progress.json";
  ASSERT_TRUE(replace_file(file, "one").has_value());
  ASSERT_TRUE(replace_file(file, "two").has_value());
  EXPECT_EQ(read_file(file, ErrorKind::study).value(), "two");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
  EXPECT_EQ(replace_file(folder_ / "no" / "a.json", "x").error().kind, ErrorKind::output);
}

TEST_F(Files, AMissingFolderIsAnOutputErrorThatNamesThePath) {
  const auto result = write_file_atomic(folder_ / "no" / "a.json", "x");
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().kind, ErrorKind::output);
  EXPECT_NE(result.error().message.find("/no/a.json"), std::string::npos);
}

TEST_F(Files, WhatOpensAndCannotBeReadIsNothing) {
  // Page 0 of the own memory: opens, and fails to read, as the files of a process that has ended
  // do.
  ASSERT_FALSE(read_file("/proc/self/mem", ErrorKind::internal).has_value());
  EXPECT_EQ(read_file_or_nothing("/proc/self/mem"), "");
  EXPECT_EQ(read_file_or_nothing(folder_ / "gone"), "");
  ASSERT_TRUE(write_file_atomic(folder_ / "a", "one").has_value());
  EXPECT_EQ(read_file_or_nothing(folder_ / "a"), "one");
}

TEST_F(Files, AMissingFileIsAnErrorOfTheCallersKind) {
  const auto result = read_file(folder_ / "gone", ErrorKind::study);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().kind, ErrorKind::study);
}

TEST(Files2, AFullDiskSaysWhatToDo) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "this machine has no /dev/full";
  // The device accepts open() and fails every write with ENOSPC; the temporary beside it cannot
  // be made in /dev by everyone, so a link stands for it.
  std::string pattern = (fs::temp_directory_path() / "tokamark-full-XXXXXX").string();
  ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
  fs::create_symlink("/dev/full", fs::path(pattern) / "a.json.tmp");
  const auto result = write_file_atomic(fs::path(pattern) / "a.json", "x");
  fs::remove_all(pattern);
  ASSERT_FALSE(result.has_value());
  EXPECT_NE(result.error().message.find("free some space"), std::string::npos);
}

}  // namespace
}  // namespace tokamark::base
