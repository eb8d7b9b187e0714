#include "setup/hub_facts.h"

#include <gtest/gtest.h>

namespace tokamark::setup {
namespace {

constexpr std::uint64_t kGb = 1'000'000'000;
const ModelRequest kRequest{"owner/model", "", {}};

HubFacts gated(const std::string& token, const std::string& access) {
  HubFacts facts;
  facts.endpoint = "https://hub.example";
  facts.cache = "/root/.cache/huggingface/hub";
  facts.token = token;
  facts.gated = true;
  facts.access = access;
  facts.files = facts.missing_files = 4;
  facts.bytes = facts.missing_bytes = 109 * kGb;
  return facts;
}

CacheDisk roomy() { return {500 * kGb, Mount{"/", "ext4", Writing::allowed}, {}}; }

CacheDisk of_a_container() {
  return {500 * kGb,
          Mount{"/", "overlay", Writing::allowed},
          {Mount{"/workspace", "fuse", Writing::allowed}}};
}

/// The refusal's kind and text, or an empty text.
base::Error refused(const HubFacts& facts, const CacheDisk& disk,
                    Ephemeral ephemeral = Ephemeral::refused) {
  const auto done = refuse_fetch(facts, kRequest, disk, ephemeral);
  return done.has_error() ? done.error() : base::Error{base::ErrorKind::internal, ""};
}

bool says(const base::Error& error, const char* part) {
  return error.message.find(part) != std::string::npos;
}

TEST(RefuseFetch, AClassicTokenWithAnAcceptedLicenceMayBegin) {
  EXPECT_EQ("", refused(gated("read", "ok"), roomy()).message);
  EXPECT_EQ("", refused(gated("write", "ok"), roomy()).message);
}

TEST(RefuseFetch, AGatedModelNeedsAClassicToken) {
  const base::Error none = refused(gated("none", "gated"), roomy());
  EXPECT_EQ(base::ErrorKind::study, none.kind);
  EXPECT_TRUE(says(none, "no token is set"));
  EXPECT_TRUE(says(none, "https://hub.example/settings/tokens"));
  EXPECT_TRUE(says(refused(gated("fineGrained", "ok"), roomy()), "fine-grained"));
}

TEST(RefuseFetch, AnOpenModelNeedsNone) {
  HubFacts facts = gated("none", "ok");
  facts.gated = false;
  EXPECT_EQ("", refused(facts, roomy()).message);
  facts.token = "fineGrained";
  EXPECT_EQ("", refused(facts, roomy()).message);
  facts.token = "invalid";
  EXPECT_TRUE(says(refused(facts, roomy()), "does not know the token"));
}

TEST(RefuseFetch, ALicenceThatWasNotAcceptedNamesItsPage) {
  EXPECT_TRUE(says(refused(gated("read", "gated"), roomy()), "https://hub.example/owner/model"));
}

TEST(RefuseFetch, ACacheThatEndsWithTheContainerIsRefusedWhereAVolumeIsThere) {
  const base::Error error = refused(gated("read", "ok"), of_a_container());
  EXPECT_EQ(base::ErrorKind::study, error.kind);
  EXPECT_TRUE(says(error, "--cache /workspace/huggingface/hub"));
  EXPECT_EQ("", refused(gated("read", "ok"), of_a_container(), Ephemeral::allowed).message);
  CacheDisk alone = of_a_container();
  alone.volumes.clear();
  EXPECT_EQ("", refused(gated("read", "ok"), alone).message);
}

// 109 GB and the reserve of 2^30 bytes.
TEST(RefuseFetch, TooLittleSpaceCountsOnlyWhatIsMissing) {
  CacheDisk disk = roomy();
  disk.free_bytes = 109 * kGb + (std::uint64_t{1} << 30) - 1;
  const base::Error error = refused(gated("read", "ok"), disk);
  EXPECT_EQ(base::ErrorKind::output, error.kind);
  EXPECT_TRUE(says(error, "109.0 GB"));
  *disk.free_bytes += 1;
  EXPECT_EQ("", refused(gated("read", "ok"), disk).message);
  HubFacts half = gated("read", "ok");
  half.missing_bytes = 50 * kGb;
  disk.free_bytes = 60 * kGb;
  EXPECT_EQ("", refused(half, disk).message);
}

TEST(RefuseFetch, AWholeSnapshotNeedsNoDisk) {
  HubFacts facts = gated("read", "ok");
  facts.missing_files = 0;
  facts.missing_bytes = 0;
  CacheDisk full = of_a_container();
  full.free_bytes = 0;
  EXPECT_EQ("", refused(facts, full).message);
}

TEST(RefuseFetch, OfflineModeAndNoFilesAreSaid) {
  HubFacts facts = gated("read", "ok");
  facts.files = 0;
  EXPECT_TRUE(says(refused(facts, roomy()), "no files"));
  facts.offline = true;
  EXPECT_TRUE(says(refused(facts, roomy()), "HF_HUB_OFFLINE"));
}

TEST(HubFacts, FilesAreCounted) {
  const auto facts = read_hub_facts(
      R"({"client":"1.0","endpoint":"e","cache":"c","offline":false,"token":"read","commit":"abc",
          "gated":true,"access":"ok","files":[{"name":"a","bytes":10,"present":true},
          {"name":"b","bytes":5,"present":false},{"name":"c","bytes":null,"present":false}]})",
      kRequest);
  ASSERT_TRUE(facts.has_value());
  EXPECT_EQ(3U, facts.value().files);
  EXPECT_EQ(15U, facts.value().bytes);
  EXPECT_EQ(2U, facts.value().missing_files);
  EXPECT_EQ(5U, facts.value().missing_bytes);
  EXPECT_EQ(1U, facts.value().unknown);
  EXPECT_EQ("read", facts.value().token);
}

TEST(HubFacts, TheHubsErrorsSayWhatToDo) {
  const auto error = [](const char* json) { return read_hub_facts(json, kRequest).error(); };
  EXPECT_TRUE(says(error(R"({"error":"no_client","text":""})"), "pip install huggingface_hub"));
  EXPECT_TRUE(says(error(R"({"error":"unknown_model","text":"404"})"), "OWNER/NAME"));
  EXPECT_EQ(base::ErrorKind::study, error(R"({"error":"unknown_revision","text":""})").kind);
  EXPECT_EQ(base::ErrorKind::engine, error(R"({"error":"failed","text":"no route"})").kind);
  EXPECT_EQ(base::ErrorKind::engine, error("Traceback").kind);
}

}  // namespace
}  // namespace tokamark::setup
