#include "comparison/together.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "comparison/comparison.h"
#include "comparison/sample_for_tests.h"

namespace tokamark::comparison {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::vector<double> kFast{98, 99, 100, 100, 101, 102};
const std::vector<double> kSlow{107.8, 108.9, 110, 111, 111.1, 112.2};

std::size_t count_of(const nlohmann::json& comparisons, const std::string& a,
                     const std::string& b) {
  std::size_t count = 0;
  for (const auto& entry : comparisons) count += entry["a"] == a && entry["b"] == b ? 1 : 0;
  return count;
}

TEST(PutTogether, LabelsEnginesAndTrialsAndComparesTheSameEngineAcross) {
  auto base = sample_result({{"vllm", kFast}, {"sglang", kSlow}});
  auto other = sample_result({{"vllm", kSlow}});
  add_comparisons(base);
  add_comparisons(other);
  const auto found = put_together({{"old", base}, {"new", other}});
  ASSERT_TRUE(found.has_value()) << found.error().message;
  const auto& result = found.value().result;
  EXPECT_EQ(result.trials.size(), 18U);
  EXPECT_EQ(result.trials.front().engine, "vllm (old)");
  EXPECT_EQ(result.trials.back().id, "new/r6.1-vllm-chat-c8");
  EXPECT_GT(count_of(result.comparisons, "vllm (old)", "sglang (old)"), 0U);
  EXPECT_GT(count_of(result.comparisons, "vllm (new)", "vllm (old)"), 0U);
  EXPECT_EQ(count_of(result.comparisons, "vllm (new)", "sglang (old)"), 0U)
      << "only what compare_across allows";
  EXPECT_EQ(result.study["engines"].size(), 3U);
  EXPECT_EQ(result.study["workloads"].size(), 1U);
  EXPECT_EQ(result.manifest["put_together"][1]["label"], "new");
  EXPECT_THAT(found.value().notes, IsEmpty());
}

TEST(PutTogether, ShowsWithoutComparingWhereNothingCanBePaired) {
  const auto base = sample_result({{"vllm", kFast}});
  const auto other = sample_result({{"a", kSlow}, {"b", kSlow}});
  const auto found = put_together({{"old", base}, {"new", other}});
  ASSERT_TRUE(found.has_value());
  EXPECT_TRUE(found.value().result.comparisons.empty());
  EXPECT_THAT(found.value().notes, ElementsAre(HasSubstr("no engine in common")));
  EXPECT_EQ(found.value().result.manifest["not_compared"][0], found.value().notes[0]);
}

TEST(PutTogether, KeepsWhichTrialsAreMissing) {
  auto base = sample_result({{"vllm", kFast}});
  base.manifest["trials_missing"] = {"r7-vllm-chat-c8"};
  base.manifest["engine_failures"] = {"engine \"b\": exited"};
  const auto found = put_together({{"old", base}, {"new", sample_result({{"vllm", kSlow}})}});
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found.value().result.manifest["engine_failures"],
            nlohmann::json::array({"old: engine \"b\": exited"}));
  EXPECT_EQ(found.value().result.manifest["trials_missing"],
            nlohmann::json::array({"old/r7-vllm-chat-c8"}));
}

TEST(PutTogether, RefusesOpenLoadsOfOneRateWithOtherArrivals) {
  auto base = sample_result({{"vllm", kFast}});
  for (auto& trial : base.trials) {
    trial.load = {workload::LoadKind::open, 1, 8.0, workload::Arrivals::poisson, 1.0};
  }
  auto other = base;
  for (auto& trial : other.trials) {
    trial.load.arrivals = workload::Arrivals::gamma;
    trial.load.gamma_cv = 3.0;
  }
  const auto found = put_together({{"old", base}, {"new", other}});
  ASSERT_FALSE(found.has_value());
  EXPECT_THAT(found.error().message, HasSubstr("the arrivals of chat at rate=8/s differ"));
  EXPECT_TRUE(put_together({{"old", base}, {"new", base}}).has_value());
}

TEST(PutTogether, RefusesOtherWorkOtherSlosAndSimulatedBesideMeasured) {
  const auto base = sample_result({{"vllm", kFast}});
  const auto refusal = [&base](const record::StudyResult& other) {
    const auto found = put_together({{"old", base}, {"new", other}});
    return found.has_value() ? std::string("put together") : found.error().message;
  };
  auto other = base;
  other.study["workloads"][0]["output_tokens"] = 64;
  EXPECT_EQ(refusal(other),
            "old and new cannot be put together: workload chat differs in output_tokens; report "
            "them apart");
  other = base;
  other.study["slo"]["ttft_ms"] = 100;
  EXPECT_THAT(refusal(other), HasSubstr("their SLOs differ in ttft_ms"));
  other = base;
  other.simulated = true;
  EXPECT_THAT(refusal(other), HasSubstr("one is simulated and the other measured"));
}

TEST(PutTogether, LeavesOutOfTheHeadWhatDoesNotHoldForAll) {
  auto base = sample_result({{"vllm", kFast}});
  auto other = base;
  base.study["model"] = {{"name", "x"}};
  other.study["model"] = {{"name", "y"}};
  base.manifest["started_utc"] = other.manifest["started_utc"] = "2026-01-02T03:04:05Z";
  const auto found = put_together({{"old", base}, {"new", other}});
  ASSERT_TRUE(found.has_value());
  EXPECT_FALSE(found.value().result.study.contains("model"));
  EXPECT_EQ(found.value().result.manifest["started_utc"], "2026-01-02T03:04:05Z");
}

}  // namespace
}  // namespace tokamark::comparison
