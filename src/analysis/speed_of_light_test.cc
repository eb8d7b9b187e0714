#include "analysis/speed_of_light.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"

namespace tokamark::analysis {
namespace {

using nlohmann::json;
using record::RequestRecord;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// A model whose times can be added up by hand: 1 ms a step for its weights at 1 TB/s, and 1 us for
/// each token in the cache; arithmetic is 10 us a token.
json model() {
  return {{"dense_bytes", 1e9},
          {"expert_bytes", 0},
          {"experts", 1},
          {"experts_per_token", 1},
          {"head_parameters", 0},
          {"layer_parameters_per_token", 5e8},
          {"kv_bytes_per_token", 1e6},
          {"attention_flops_per_pair", 0}};
}
json gpu() { return {{"memory_bytes_per_s", 1e12}, {"flops_per_s", 1e14}}; }

/// Twenty requests, one after the other on each of two streams, over a window of 1 s: 10 ms to the
/// first of 11 tokens, then 9 ms each, so that each takes 100 ms.
class SpeedOfLight : public ::testing::Test {
 protected:
  SpeedOfLight() {
    facts_.window_start = milliseconds(0);
    facts_.window_end = milliseconds(1000);
    facts_.engine_info = {{"model_facts", model()}, {"gpu_facts", gpu()}};
    for (int i = 0; i < 20; ++i) {
      RequestRecord r;
      r.phase = record::Phase::measured;
      r.status = record::RequestStatus::succeeded;
      r.scheduled = r.sent = milliseconds(100 * (i / 2));
      r.first_token = r.sent + milliseconds(10);
      r.last_token = r.ended = r.sent + milliseconds(100);
      r.input_tokens = 95;
      r.output_tokens = 11;
      r.cached_tokens = 0;
      records_.push_back(r);
    }
    trial_.metrics.tpot_ms.p50 = 9.0;
    trial_.metrics.ttft_ms.p50 = 10.0;
    trial_.metrics.output_tokens_per_s = 220.0;
    trial_.checks.in_flight_mean = 2.0;
  }

  [[nodiscard]] json result() const { return speed_of_light(facts_, trial_, records_); }
  [[nodiscard]] std::string reason() const { return result().at("reason").get<std::string>(); }

  TrialFacts facts_;
  record::TrialResult trial_;
  std::vector<RequestRecord> records_;
};

// Decoding: 2 streams x 90 of every 100 ms = 1.8 sequences of 95 + 11 / 2 = 100.5 tokens: 1 ms and
// 1.8 x 100.5 us = 1.1809 ms, so TPOT reaches 1.1809 / 9 = 13.12 %. In flight are 2: 1 ms + 201 us,
// at most 2 / 1.201 ms = 1665.3 tokens/s, of which 220 are 13.21 %. A prompt of 95 tokens needs
// 95 x 10 us = 0.95 ms of arithmetic and 1 ms of memory: 1 of 10 ms.
TEST_F(SpeedOfLight, IsTheRooflineOverWhatWasMeasured) {
  const json speed = result();
  EXPECT_NEAR(speed.at("decoding_mean").get<double>(), 1.8, 1e-9);
  EXPECT_NEAR(speed.at("context_tokens_mean").get<double>(), 100.5, 1e-9);
  EXPECT_NEAR(speed.at("decode_tpot_ms").get<double>(), 1.1809, 1e-9);
  EXPECT_NEAR(speed.at("tpot_fraction").get<double>(), 1.1809 / 9, 1e-9);
  EXPECT_NEAR(speed.at("output_tokens_per_s").get<double>(), 2 / 1.201e-3, 1e-6);
  EXPECT_NEAR(speed.at("output_fraction").get<double>(), 220 / (2 / 1.201e-3), 1e-9);
  EXPECT_NEAR(speed.at("prefill_ttft_ms").get<double>(), 1.0, 1e-9);
  EXPECT_NEAR(speed.at("ttft_fraction").get<double>(), 0.1, 1e-9);
  EXPECT_EQ(speed.at("bound"), "memory");
  EXPECT_TRUE(speed.at("reason").is_null());
  EXPECT_TRUE(speed.at("impossible").empty());
}

// Eleven prompts of 10 tokens and nine of 100,000: the median request is bound by its 1 ms of
// weights, however long the mean is, and so is the median TTFT.
TEST_F(SpeedOfLight, TakesTheMedianOfThePromptsBounds) {
  for (std::size_t i = 0; i < records_.size(); ++i) records_[i].input_tokens = i < 11 ? 10 : 100000;
  EXPECT_NEAR(result().at("prefill_ttft_ms").get<double>(), 1.0, 1e-9);
  EXPECT_DOUBLE_EQ(result().at("prompt_tokens_p50").get<double>(), 10);
}

// 1,000 tokens of which 800 are cached: 200 x 10 us; 2 ms and not 10.
TEST_F(SpeedOfLight, DoesNotAskForCachedTokensAgain) {
  for (RequestRecord& r : records_) {
    r.input_tokens = 1000;
    r.cached_tokens = 800;
  }
  EXPECT_NEAR(result().at("prefill_ttft_ms").get<double>(), 2.0, 1e-9);
}

// One stream decodes for 90 % of the time, always with one sequence: 1 ms + 100.5 us.
TEST_F(SpeedOfLight, HasAtLeastOneSequenceInAStep) {
  for (std::size_t i = 1; i < records_.size(); i += 2) records_[i].first_token = base::Nanos(-1);
  EXPECT_NEAR(result().at("decoding_mean").get<double>(), 0.9, 1e-9);
  EXPECT_NEAR(result().at("decode_tpot_ms").get<double>(), 1.1005, 1e-9);
}

// A token in 1 ms is faster than the 1.1809 ms that the memory allows.
TEST_F(SpeedOfLight, FlagsAShareAboveOneAndDoesNotClipIt) {
  trial_.metrics.tpot_ms.p50 = 1.0;
  const json speed = result();
  EXPECT_NEAR(speed.at("tpot_fraction").get<double>(), 1.1809, 1e-9);
  EXPECT_THAT(speed.at("impossible"), ElementsAre("tpot_fraction"));
  EXPECT_THAT(reason(), HasSubstr("tpot_fraction above 1"));
}

TEST_F(SpeedOfLight, SaysWhatWasNotMeasured) {
  trial_.metrics.tpot_ms.p50.reset();
  EXPECT_TRUE(result().at("tpot_fraction").is_null());
  EXPECT_FALSE(result().at("ttft_fraction").is_null());
  EXPECT_EQ(reason(), "nothing was measured to compare for tpot_fraction");
}

TEST_F(SpeedOfLight, GivesTheReasonInPlaceOfFacts) {
  facts_.engine_info["gpu_facts"] = {{"reason", "there is no GPU"}};
  EXPECT_EQ(reason(), "there is no GPU");
  EXPECT_TRUE(result().at("decode_tpot_ms").is_null());
  facts_.engine_info = {{"version", "1"}};
  EXPECT_THAT(reason(), HasSubstr("did not look"));
  facts_.engine_info = nullptr;
  EXPECT_THAT(reason(), HasSubstr("did not look"));
}

TEST_F(SpeedOfLight, RefusesSpeculativeDecoding) {
  trial_.server.spec_acceptance_length = 1.0;  // none was accepted
  EXPECT_FALSE(result().at("tpot_fraction").is_null());
  trial_.server.spec_acceptance_length = 2.5;
  EXPECT_THAT(reason(), HasSubstr("speculative"));
}

TEST_F(SpeedOfLight, RefusesContextsBeyondTheAttentionWindow) {
  facts_.engine_info["model_facts"]["attention_window_tokens"] = 101;
  EXPECT_FALSE(result().at("tpot_fraction").is_null());
  facts_.engine_info["model_facts"]["attention_window_tokens"] = 100;
  EXPECT_THAT(reason(), HasSubstr("longer than the 100 tokens"));
}

TEST_F(SpeedOfLight, RefusesWeightsThatAreNotOnTheGpus) {
  facts_.engine_info["model_facts"]["weight_bytes"] = 1e9;
  facts_.resources.vram_idle_bytes = 500'000'000;
  facts_.resources.vram_loaded_bytes = 1'500'000'000;
  EXPECT_FALSE(result().at("tpot_fraction").is_null());
  facts_.resources.vram_loaded_bytes = 900'000'000;
  EXPECT_THAT(reason(), HasSubstr("do not hold the model's weights"));
}

TEST_F(SpeedOfLight, RefusesUnknownLengths) {
  records_[3].input_tokens = -1;
  EXPECT_THAT(reason(), HasSubstr("how long prompts"));
  records_.clear();
  EXPECT_EQ(reason(), "no measured request succeeded");
}

TEST_F(SpeedOfLight, NeedsAWindow) {
  facts_.window_end = base::Nanos(-1);
  EXPECT_EQ(reason(), "the window did not open and close");
}

TEST_F(SpeedOfLight, HasTheKeysOfTheSchema) {
  const auto path = std::filesystem::path(TOKAMARK_SOURCE_DIR) / "docs" / "results.schema.json";
  const json schema = json::parse(base::read_file(path, base::ErrorKind::output).value());
  const json& wanted = schema["$defs"]["trial"]["properties"]["speed_of_light"]["properties"];
  const json speed = result();
  EXPECT_EQ(speed.size(), wanted.size());
  for (const auto& entry : speed.items()) EXPECT_TRUE(wanted.contains(entry.key())) << entry.key();
}

}  // namespace
}  // namespace tokamark::analysis
