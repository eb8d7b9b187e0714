#include "advice/wording.h"

#include <gtest/gtest.h>

namespace tokamark::advice {
namespace {

PairRow row(double ratio, double low, double high, const std::string& better) {
  PairRow r;
  r.metric = "ttft_p99_ms";
  r.a = "a";
  r.b = "b";
  r.blocks = 9;
  r.ratio = ratio;
  r.low = low;
  r.high = high;
  r.verdict = PairVerdict::different;
  r.better = better;
  return r;
}

TEST(MarginText, IsTheShareThatTheBetterEngineIsLower) {
  const auto ahead = row(0.88, 0.84, 0.92, "a");
  EXPECT_EQ(margin_text({&ahead}), "12 % lower (95 % interval 8.0 % to 16 %, 9 blocks)");
}

TEST(MarginText, TurnsTheRatioRoundForTheSecondEngine) {
  const auto ahead = row(1.25, 1.0 / 0.84, 1.0 / 0.75, "b");  // b / a = 0.8, 0.75 to 0.84
  EXPECT_EQ(margin_text({&ahead}), "20 % lower (95 % interval 16 % to 25 %, 9 blocks)");
  const auto more = row(0.5, 0.4, 0.625, "b");  // b / a = 2, 1.6 to 2.5
  EXPECT_EQ(margin_text({&more}), "100 % higher (95 % interval 60 % to 150 %, 9 blocks)");
}

TEST(MarginText, SpansSeveralLoads) {
  const auto one = row(0.88, 0.84, 0.92, "a");
  auto two = row(0.8, 0.7, 0.9, "a");
  two.blocks = 8;
  EXPECT_EQ(margin_text({&one, &two}),
            "12 % to 20 % lower (95 % intervals within 8.0 % to 30 %, 8 to 9 blocks)");
}

TEST(ShareRangeText, TellsApartWhatWholePerCentsDoNot) {
  EXPECT_EQ(share_range_text(0.05, 0.12), "5.0 % to 12 %");
  EXPECT_EQ(share_range_text(0.9701, 0.9744), "97.0 % to 97.4 %");
  EXPECT_EQ(share_range_text(0.97, 0.9701), "97 %");
}

TEST(MetricWords, AreForPeople) {
  EXPECT_EQ(metric_words("ttft_p99_ms"), "TTFT p99");
  EXPECT_EQ(metric_words("e2e_p50_ms"), "E2E p50");
  EXPECT_EQ(metric_words("output_tokens_per_s"), "output tokens/s");
  EXPECT_EQ(metric_words("ttft"), "ttft");
  EXPECT_EQ(metric_words("<b>"), "<b>");
}

TEST(MetricFamily, ComesFromTheName) {
  EXPECT_EQ(metric_family("itl_p99_ms"), "itl");
  EXPECT_EQ(metric_family("requests_per_s"), "throughput");
  EXPECT_EQ(metric_family("tpot_thing"), "other");
}

TEST(LoadsText, JoinsThreeThatFollowEachOther) {
  const std::vector<std::string> all{"c=1", "c=8", "c=16", "c=64"};
  EXPECT_EQ(loads_text({"c=8", "c=16", "c=64"}, all), "c=8 to c=64");
  EXPECT_EQ(loads_text({"c=1", "c=16", "c=64"}, all), "c=1, c=16 and c=64");
  EXPECT_EQ(loads_text({"c=8", "c=16"}, all), "c=8 and c=16");
  EXPECT_EQ(loads_text({"c=64"}, all), "c=64");
}

TEST(Lighter, OrdersByConcurrencyAndByRate) {
  workload::LoadShape a;
  workload::LoadShape b;
  a.concurrency = 8;
  b.concurrency = 16;
  EXPECT_TRUE(lighter(a, b));
  EXPECT_FALSE(lighter(b, a));
  a.kind = b.kind = workload::LoadKind::open;
  a.rate_per_s = 4;
  b.rate_per_s = 2;
  EXPECT_TRUE(lighter(b, a));
}

}  // namespace
}  // namespace tokamark::advice
