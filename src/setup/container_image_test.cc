#include "setup/container_image.h"

#include <gtest/gtest.h>

namespace tokamark::setup {
namespace {

TEST(ContainerImage, TheRepositoryIsWhatTagAndDigestFollow) {
  EXPECT_EQ("nvcr.io/nvidia/tensorrt-llm/release",
            repository_of("nvcr.io/nvidia/tensorrt-llm/release:1.2.1"));
  EXPECT_EQ("vllm/vllm-openai", repository_of("vllm/vllm-openai@sha256:abc"));
  EXPECT_EQ("localhost:5000/a", repository_of("localhost:5000/a"));
  EXPECT_EQ("localhost:5000/a", repository_of("localhost:5000/a:b@sha256:c"));
  EXPECT_EQ("debian", repository_of("debian:12"));
}

TEST(ContainerImage, TheDigestIsThatOfTheAskedRepository) {
  const std::string two = R"(["mirror/x@sha256:1","vllm/vllm-openai@sha256:2"])";
  EXPECT_EQ("vllm/vllm-openai@sha256:2", pinned_reference(two, "vllm/vllm-openai:v1"));
  EXPECT_EQ("docker.io/vllm/v@sha256:3",
            pinned_reference(R"(["docker.io/vllm/v@sha256:3","b/b@sha256:4"])", "vllm/v"));
  EXPECT_EQ(std::nullopt, pinned_reference(two, "another/image"));
  EXPECT_EQ(std::nullopt, pinned_reference("[]", "a"));
  EXPECT_EQ(std::nullopt, pinned_reference("null", "a"));
  EXPECT_EQ(std::nullopt, pinned_reference("no json", "a"));
}

TEST(ContainerImage, AManifestsSizeIsThatOfItsLayers) {
  const auto facts = read_manifest(
      R"({"schemaVersion":2,"config":{"size":7},"layers":[{"size":1000},{"size":24}]})", "amd64");
  EXPECT_EQ(1024U, facts.bytes);
  EXPECT_EQ(std::nullopt,
            read_manifest(R"({"layers":[{"size":1},{"digest":"x"}]})", "amd64").bytes);
}

TEST(ContainerImage, AnIndexLeadsToTheManifestOfTheArchitecture) {
  const char* index = R"({"manifests":[
    {"digest":"sha256:a","platform":{"architecture":"arm64","os":"linux"}},
    {"digest":"sha256:b","platform":{"architecture":"amd64","os":"windows"}},
    {"digest":"sha256:c","platform":{"architecture":"amd64","os":"linux"}}]})";
  EXPECT_EQ("sha256:c", read_manifest(index, "amd64").digest);
  EXPECT_EQ(std::nullopt, read_manifest(index, "s390x").digest);
  EXPECT_EQ(std::nullopt, read_manifest("{}", "amd64").digest);
  EXPECT_EQ(std::nullopt, read_manifest("[1]", "amd64").bytes);
}

}  // namespace
}  // namespace tokamark::setup
