#include "doctor/model_checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tokamark::doctor {
namespace {

using testing::HasSubstr;

constexpr std::int64_t kGiB = std::int64_t{1} << 30;

/// A model of 100 GiB on the hub that is not here, with room for it.
ModelFacts absent() {
  ModelFacts facts;
  facts.location = "org/model";
  facts.cache = "/cache";
  facts.free_bytes = 200 * kGiB;
  facts.hub = HubAnswer{200, ""};
  return facts;
}

std::vector<Check> checks(const ModelFacts& facts) {
  return check_model(
      {"model", "a, b", facts, WeightsSize{100.0 * static_cast<double>(kGiB), "the sum"}});
}

TEST(ModelChecks, FilesThatAreHerePass) {
  ModelFacts facts = absent();
  facts.held = "/cache/snapshot";
  facts.weight_bytes = kGiB;
  ASSERT_EQ(checks(facts).size(), 1U);
  EXPECT_EQ(checks(facts)[0].status, CheckStatus::ok);
}

TEST(ModelChecks, FilesThatCanBeDownloadedAreAWarning) {
  const auto found = checks(absent());
  ASSERT_EQ(found.size(), 4U);
  EXPECT_EQ(found[0].id, "model.files");
  EXPECT_EQ(found[0].status, CheckStatus::warning);
  EXPECT_EQ(found[0].fix, "tokamark fetch org/model");
  EXPECT_EQ(found[1].status, CheckStatus::ok);
  EXPECT_EQ(found[2].status, CheckStatus::ok);
}

TEST(ModelChecks, ADownloadToAContainersOwnDiskIsRefusedWhereAVolumeIs) {
  ModelFacts facts = absent();
  EXPECT_EQ(checks(facts).back().id, "model.volume");
  EXPECT_EQ(checks(facts).back().status, CheckStatus::ok);
  facts.ephemeral = "/";
  EXPECT_EQ(checks(facts).back().status, CheckStatus::warning);
  facts.volume = "/workspace";
  EXPECT_EQ(checks(facts).back().status, CheckStatus::error);
  EXPECT_EQ(checks(facts).back().fix, "set HF_HOME=/workspace/huggingface");
}

TEST(ModelChecks, RefuseADownloadThatIsForbiddenOrUnfinishedOffline) {
  ModelFacts facts = absent();
  facts.offline = true;
  ASSERT_EQ(checks(facts).size(), 1U);
  EXPECT_EQ(checks(facts)[0].status, CheckStatus::error);
  EXPECT_THAT(checks(facts)[0].found, HasSubstr("HF_HUB_OFFLINE"));
  facts.lacks = "model-00002-of-00003.safetensors";
  EXPECT_THAT(checks(facts)[0].found, HasSubstr("unfinished: it lacks model-00002"));
}

TEST(ModelChecks, RefuseAHubThatDoesNotGiveTheModel) {
  ModelFacts facts = absent();
  facts.hub = HubAnswer{401, ""};
  EXPECT_EQ(checks(facts)[1].status, CheckStatus::error);
  EXPECT_THAT(checks(facts)[1].found, HasSubstr("without a token"));
  facts.token_from = "$HF_TOKEN";
  facts.hub = HubAnswer{403, ""};
  EXPECT_THAT(checks(facts)[1].found, HasSubstr("with the token of $HF_TOKEN"));
  EXPECT_THAT(checks(facts)[1].fix, HasSubstr("licence"));
  facts.hub = HubAnswer{404, ""};
  EXPECT_EQ(checks(facts)[1].status, CheckStatus::error);
  facts.hub = HubAnswer{0, "no route"};
  EXPECT_THAT(checks(facts)[1].found, HasSubstr("no route"));
  facts.hub = HubAnswer{503, ""};
  EXPECT_EQ(checks(facts)[1].status, CheckStatus::warning);
  facts.hub = HubAnswer{307, ""};
  EXPECT_EQ(checks(facts)[1].status, CheckStatus::ok) << "a redirect to the file";
}

TEST(ModelChecks, RefuseADiskTooSmallForTheDownload) {
  ModelFacts facts = absent();
  facts.free_bytes = 100 * kGiB;
  EXPECT_EQ(checks(facts)[2].status, CheckStatus::error);
  EXPECT_EQ(checks(facts)[2].wanted, "101.0 GiB: the sum, and 1 GiB for the rest");
  facts.free_bytes = 101 * kGiB;
  EXPECT_EQ(checks(facts)[2].status, CheckStatus::ok);
}

TEST(ModelChecks, RefuseAPathThatIsNotThere) {
  ModelFacts facts;
  facts.location = "models/x";
  facts.form = ModelFacts::Form::path;
  ASSERT_EQ(checks(facts).size(), 1U);
  EXPECT_EQ(checks(facts)[0].found, "models/x does not exist");
  facts.lacks = "weight files";
  EXPECT_EQ(checks(facts)[0].found, "models/x lacks weight files");
}

TEST(ModelChecks, WarnOfAFullDiskForResults) {
  EXPECT_EQ(check_results_disk(kGiB).status, CheckStatus::ok);
  EXPECT_EQ(check_results_disk(kGiB - 1).status, CheckStatus::warning);
  EXPECT_EQ(check_results_disk(std::nullopt).status, CheckStatus::skipped);
}

}  // namespace
}  // namespace tokamark::doctor
