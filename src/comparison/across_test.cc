#include "comparison/across.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "comparison/sample_for_tests.h"
#include "comparison/vllm_bench.h"

namespace tokamark::comparison {
namespace {

using testing::Contains;
using testing::HasSubstr;

const std::vector<double> kFast{98, 99, 100, 100, 101, 102};
const std::vector<double> kSlow{107.8, 108.9, 110, 111, 111.1, 112.2};

base::Result<Comparison> ttft(const record::StudyResult& base, const record::StudyResult& other) {
  TOKAMARK_TRY(const auto all, compare_across({"main", base}, {"branch", other}));
  return *std::find_if(all.begin(), all.end(),
                       [](const Comparison& c) { return c.metric == "ttft_p50_ms"; });
}

TEST(CompareAcross, TheRatioSaysHowTheNumberChanged) {
  const auto found = ttft(sample_result({{"vllm", kFast}}), sample_result({{"vllm", kSlow}}));
  ASSERT_TRUE(found.has_value()) << found.error().message;
  EXPECT_NEAR(*found.value().ratio, 1.1, 0.01);
  EXPECT_EQ(found.value().a, "vllm (branch)");
  EXPECT_EQ(found.value().better, "vllm (main)");
  EXPECT_TRUE(found.value().paired);
  EXPECT_EQ(found.value().verdict, Verdict::different);
}

TEST(CompareAcross, TheSameRunsTwiceAreEquivalent) {
  const auto result = sample_result({{"vllm", kFast}});
  EXPECT_EQ(ttft(result, result).value().verdict, Verdict::equivalent);
}

TEST(CompareAcross, OtherSeedsAreNotPaired) {
  auto other = sample_result({{"vllm", kSlow}});
  for (auto& trial : other.trials) trial.schedule_sha256 += " of another seed";
  const auto found = ttft(sample_result({{"vllm", kFast}}), other).value();
  EXPECT_FALSE(found.paired);
  EXPECT_EQ(found.blocks, 6U);
  EXPECT_EQ(found.verdict, Verdict::different);
  EXPECT_THAT(found.caveats, Contains(HasSubstr("not paired")));
}

TEST(CompareAcross, OnlyEnginesOfOtherNamesArePairedWhenAlone) {
  const auto base = sample_result({{"old", kFast}});
  EXPECT_TRUE(ttft(base, sample_result({{"new", kSlow}})).has_value());
  const auto refused = ttft(base, sample_result({{"new", kSlow}, {"newer", kSlow}}));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind, base::ErrorKind::study);
  EXPECT_THAT(refused.error().message, HasSubstr("no engine in common (old; new, newer)"));
}

TEST(CompareAcross, UnequalWorkDecidesNothing) {
  const auto base = sample_result({{"vllm", kFast}});
  auto longer = sample_result({{"vllm", kSlow}});
  longer.study["workloads"][0]["output_tokens"] = 64;
  EXPECT_EQ(ttft(base, longer).value().reason,
            "unequal work: workload chat differs in output_tokens");
  auto window = sample_result({{"vllm", kSlow}});
  window.study["window"] = {{"seconds", 5}};
  EXPECT_EQ(ttft(base, window).value().reason, "unequal work: window differs in seconds");
  auto moved = sample_result({{"vllm", kSlow}});
  moved.study["workloads"][0]["prompts"] = "/elsewhere/prompts.yaml";  // the schedule decides
  EXPECT_EQ(ttft(base, moved).value().verdict, Verdict::different);
}

TEST(CompareAcross, RefusesOtherLoadsAndSimulations) {
  const auto base = sample_result({{"vllm", kFast}});
  auto other = sample_result({{"vllm", kSlow}});
  for (auto& trial : other.trials) trial.load.concurrency = 16;
  EXPECT_THAT(ttft(base, other).error().message, HasSubstr("no workload at the same load"));
  auto simulated = sample_result({{"vllm", kSlow}});
  simulated.simulated = true;
  EXPECT_THAT(ttft(base, simulated).error().message, HasSubstr("one is simulated"));
}

/// What `vllm bench serve` writes, as far as it is read.
nlohmann::json vllm_bench() {
  return {{"backend", "vllm"},          {"model_id", "m"},
          {"request_rate", "inf"},      {"max_concurrency", 8},
          {"num_prompts", 100},         {"completed", 100},
          {"total_input_tokens", 6400}, {"total_output_tokens", 3200},
          {"output_throughput", 500.0}, {"request_throughput", 15.0},
          {"mean_ttft_ms", 95.0},       {"median_ttft_ms", 90.0},
          {"p99_ttft_ms", 150.0}};
}

TEST(CompareAcross, AFileOfVllmBenchIsAPoint) {
  const auto file = read_vllm_bench(vllm_bench(), "base.json").value();
  auto other = sample_result({{"vllm", kSlow}});
  for (auto& trial : other.trials) trial.counts.input_tokens = 6400;
  const auto found = ttft(file, other).value();
  EXPECT_DOUBLE_EQ(*found.b_value, 90.0);
  EXPECT_EQ(found.verdict, Verdict::not_resolved);
  EXPECT_EQ(found.reason, "1 run; a verdict needs 6");
  EXPECT_FALSE(found.interval);
  EXPECT_THAT(found.caveats, Contains(HasSubstr("another tool")));
  for (auto& trial : other.trials) trial.counts.output_tokens = 6400;
  EXPECT_THAT(ttft(file, other).value().reason, HasSubstr("64 and 32 output tokens"));
}

TEST(CompareAcross, AFileThatIsNeitherIsRefused) {
  const auto found = read_vllm_bench({{"median_ttft_ms", 1}}, "x.json");
  ASSERT_FALSE(found.has_value());
  EXPECT_THAT(found.error().message, HasSubstr("x.json: expected the JSON of `vllm bench serve"));
}

TEST(CompareAcross, OtherMachinesAndSettingsAreSaid) {
  auto base = sample_result({{"vllm", kFast}});
  auto other = sample_result({{"vllm", kSlow}});
  base.manifest = {{"host", {{"cpu", "x"}}},
                   {"engines", {{"vllm", {{"settings", {{"dtype", "bf16"}}}}}}}};
  other.manifest = {{"host", {{"cpu", "y"}}},
                    {"engines", {{"vllm", {{"settings", {{"dtype", "fp8"}}}}}}}};
  const auto caveats = ttft(base, other).value().caveats;
  EXPECT_THAT(caveats, Contains(HasSubstr("two machines")));
  EXPECT_THAT(caveats, Contains("settings in force differ: dtype"));
}

}  // namespace
}  // namespace tokamark::comparison
