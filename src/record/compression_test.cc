#include <gtest/gtest.h>

#include "base/files.h"
#include "base/rng.h"
#include "record/request_file.h"

namespace tokamark::record {
namespace {

std::filesystem::path scratch(const std::string& name) {
  return std::filesystem::path(testing::TempDir()) / name;
}

/// Text that zstd cannot shrink much, so that it spans many buffers.
std::string noise(std::size_t size) {
  base::Rng rng(7);
  std::string text;
  while (text.size() < size) {
    text += static_cast<char>(rng.below(256));
  }
  return text;
}

TEST(Compression, TextComesBackAsItWas) {
  const auto path = scratch("compression_round.zst");
  for (const std::string& text : {std::string(), std::string("a line\n"), noise(3'000'000)}) {
    ASSERT_TRUE(write_compressed(path, text).has_value());
    const auto back = read_compressed(path);
    ASSERT_TRUE(back.has_value()) << back.error().message;
    EXPECT_TRUE(back.value() == text) << "size " << text.size();
  }
}

TEST(Compression, AFileCutShortIsAnErrorThatNamesIt) {
  const auto path = scratch("compression_cut.zst");
  ASSERT_TRUE(write_compressed(path, noise(200'000)).has_value());
  std::filesystem::resize_file(path, 100'000);
  const auto back = read_compressed(path);
  ASSERT_FALSE(back.has_value());
  EXPECT_EQ(back.error().kind, base::ErrorKind::study);
  EXPECT_NE(back.error().message.find("compression_cut.zst"), std::string::npos);
  EXPECT_NE(back.error().message.find("cut short"), std::string::npos);
}

TEST(Compression, ADamagedByteIsNoticed) {
  const auto path = scratch("compression_damaged.zst");
  ASSERT_TRUE(write_compressed(path, noise(1000)).has_value());
  auto bytes = base::read_file(path, base::ErrorKind::study).value();
  bytes[500] = static_cast<char>(bytes[500] ^ 1);
  ASSERT_TRUE(base::write_file_atomic(path, bytes).has_value());
  EXPECT_FALSE(read_compressed(path).has_value());
}

TEST(Compression, AFileThatIsNotZstdIsAnError) {
  const auto path = scratch("compression_plain.zst");
  for (const char* bytes : {"", "{\"sequence\":0}\n"}) {
    ASSERT_TRUE(base::write_file_atomic(path, bytes).has_value());
    EXPECT_FALSE(read_compressed(path).has_value());
  }
  EXPECT_FALSE(read_compressed(scratch("does_not_exist.zst")).has_value());
}

}  // namespace
}  // namespace tokamark::record
