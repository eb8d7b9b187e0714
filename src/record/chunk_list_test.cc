#include "record/chunk_list.h"

#include <gtest/gtest.h>

namespace tokamark::record {
namespace {

using base::Nanos;
using std::chrono::microseconds;
using std::chrono::milliseconds;

void expect_equal(const std::vector<Chunk>& a, const ChunkList& b) {
  ASSERT_EQ(a.size(), b.size());
  std::size_t i = 0;
  for (const Chunk& chunk : b) {
    EXPECT_EQ(chunk.time, a[i].time) << i;
    EXPECT_EQ(chunk.receive_delay, a[i].receive_delay) << i;
    EXPECT_EQ(chunk.tokens, a[i].tokens) << i;
    EXPECT_EQ(chunk.flags, a[i].flags) << i;
    ++i;
  }
  EXPECT_EQ(i, a.size());
}

TEST(ChunkList, GivesBackWhatWasPutInWhateverItsValue) {
  constexpr Nanos kMost = Nanos::max(), kLeast = Nanos::min();
  const std::vector<Chunk> chunks{{milliseconds(1021), microseconds(12), 1, kKernelStamp},
                                  {milliseconds(1020), Nanos(-5), 65535, kSharedRead},
                                  {kMost, kMost, 0, 65535},
                                  {kLeast, kLeast, 3, 4},
                                  {kMost, Nanos(0), 4, 0},
                                  {Nanos(0), Nanos(1), 1, 0},
                                  // The ends of each length that the short form has.
                                  {Nanos(0xFFFF), Nanos(0xFF), 2, 0},
                                  {Nanos(0x1FFFF), Nanos(0x100), 3, 3},
                                  {Nanos(0x101FFFE), Nanos(0xFFFF), 2, 1},
                                  {Nanos(0x201FFFE), Nanos(0x10000), 1, 2},
                                  {Nanos(0x10201FFFD), Nanos(0xFFFFFF), 1, 0},
                                  {Nanos(0x20201FFFD), Nanos(0xFFFFFFFF), 1, 0},
                                  {Nanos(0x1020201FFFC), Nanos(0x100000000), 0, 0},
                                  {Nanos(0x2020201FFFC), Nanos(-1), 1, 3},
                                  {Nanos(0x2020201FFFB), Nanos(0), 1, 3}};
  expect_equal(chunks, ChunkList(std::span(chunks)));
  expect_equal(chunks, ChunkList(ChunkList(std::span(chunks)).unpacked()));
  expect_equal({}, ChunkList());
}

TEST(ChunkList, KeepsATokenInEightBytes) {
  ChunkList list;
  list.reserve(1000);
  for (int i = 0; i < 1000; ++i) {
    list.push_back({milliseconds(4000) * i, milliseconds(16), 1, kKernelStamp});
  }
  EXPECT_LE(list.bytes(), 8 * list.size());
}

TEST(ChunkList, GrowsInSmallSteps) {
  ChunkList list;
  for (int i = 0; i < 10'000; ++i) list.push_back({milliseconds(10) * i, {}, 1, kKernelStamp});
  EXPECT_LE(list.bytes(), 8 * list.size());
}

TEST(ChunkList, MarksOnlyTheNewestChunkShared) {
  ChunkList list{{milliseconds(1), {}, 1, kKernelStamp}, {milliseconds(2), {}, 1, kKernelStamp}};
  list.mark_last_shared();
  list.push_back({milliseconds(3), {}, 1, 0});
  expect_equal({{milliseconds(1), {}, 1, kKernelStamp},
                {milliseconds(2), {}, 1, kKernelStamp | kSharedRead},
                {milliseconds(3), {}, 1, 0}},
               list);
}

TEST(ChunkList, ForgetsTokensAndNothingElse) {
  ChunkList list{{milliseconds(1), microseconds(2), 7, kKernelStamp}};
  list.forget_tokens();
  expect_equal({{milliseconds(1), microseconds(2), 0, kKernelStamp}}, list);
}

TEST(ChunkList, GivesUnneededMemoryBack) {
  ChunkList list;
  list.reserve(1000);
  list.push_back({milliseconds(1), {}, 1, 0});
  list.shrink();
  EXPECT_LE(list.bytes(), 16U);
}

}  // namespace
}  // namespace tokamark::record
