#include "sim/profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "sim/scheduler.h"

namespace tokamark::sim {
namespace {

using testing::HasSubstr;

/// Mean decode rate of one stream whose contexts average 256 tokens: prompt 128, then 257 tokens.
double single_stream_tokens_per_s(const std::string& name) {
  Scheduler scheduler(find_profile(name).value());
  scheduler.submit({1, 128, 257, 0});
  scheduler.begin_step();
  scheduler.end_step();
  base::Nanos decode{0};
  while (const auto time = scheduler.begin_step()) {
    decode += time->total;
    scheduler.end_step();
  }
  return 256 / base::to_seconds(decode);
}

TEST(Profile, NamesAreSortedAndEachCanBeFound) {
  const std::vector<std::string> names = profile_names();
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  EXPECT_EQ(names.size(), 7U);
  for (const std::string& name : names) {
    const auto profile = find_profile(name);
    ASSERT_TRUE(profile.has_value()) << name;
    EXPECT_EQ(profile.value().name, name);
    EXPECT_FALSE(profile.value().source.empty()) << name;
  }
}

TEST(Profile, UnknownNameListsTheNearest) {
  const auto profile = find_profile("tiny-vlm");
  ASSERT_FALSE(profile.has_value());
  EXPECT_EQ(profile.error().kind, base::ErrorKind::usage);
  EXPECT_THAT(profile.error().message, HasSubstr("'tiny-vlm'; the nearest are tiny-vllm,"));
}

TEST(Profile, ScoutOnVllmDecodesOneStreamAtTheReferenceRate) {
  EXPECT_NEAR(single_stream_tokens_per_s("llama4-scout-h200-vllm"), 84.8, 0.05);
}

TEST(Profile, ScoutOnSglangDecodesOneStreamAtTheReferenceRate) {
  EXPECT_NEAR(single_stream_tokens_per_s("llama4-scout-h200-sglang"), 106.3, 0.05);
}

// 1 / ((1/84.8 + 1/106.3) / 2) = 94.34: the step is the mean of the two others.
TEST(Profile, ScoutOnTensorrtLlmLiesBetweenBecauseNoFigureIsKnown) {
  EXPECT_NEAR(single_stream_tokens_per_s("llama4-scout-h200-tensorrt-llm"), 94.34, 0.05);
  EXPECT_THAT(find_profile("llama4-scout-h200-tensorrt-llm").value().source, HasSubstr("ASSUMED"));
}

TEST(Profile, TinyProfilesTakeAFewMillisecondsAToken) {
  for (const char* name : {"tiny-vllm", "tiny-sglang", "tiny-tensorrt-llm", "tiny-llama-cpp"}) {
    EXPECT_NEAR(single_stream_tokens_per_s(name), 475, 5) << name;
  }
}

}  // namespace
}  // namespace tokamark::sim
