#include "doctor/container_checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace tokamark::doctor {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

ContainerFacts good() { return {"docker", "28.2.2", "", "runtime nvidia"}; }

TEST(ContainerChecks, ADaemonThatAnswersAndGivesGpusPasses) {
  for (const Check& check : check_containers(good(), "e", GpuHere::yes)) {
    EXPECT_EQ(check.status, CheckStatus::ok) << check.id;
  }
}

TEST(ContainerChecks, RefuseAMachineWithoutARuntime) {
  const auto none = check_containers({}, "e", GpuHere::yes);
  ASSERT_EQ(none.size(), 1U);
  EXPECT_EQ(none[0].id, "container.runtime");
  EXPECT_EQ(none[0].status, CheckStatus::error);
  ContainerFacts dead = good();
  dead.problem = "Cannot connect to the Docker daemon";
  EXPECT_THAT(check_containers(dead, "e", GpuHere::yes)[0].found, HasSubstr("Cannot connect"));
}

TEST(ContainerChecks, RefuseContainersWithoutTheGpuThatIsThere) {
  ContainerFacts facts = good();
  facts.gpu_by = "";
  EXPECT_EQ(check_containers(facts, "e", GpuHere::yes)[1].status, CheckStatus::error);
  EXPECT_EQ(check_containers(facts, "e", GpuHere::no).size(), 1U) << "gpu.present says it";
}

TEST(ContainerChecks, RefuseAnImageThatIsNotHere) {
  EXPECT_EQ(check_image("e", good(), {"a/b:1", "sha256:00"}).status, CheckStatus::ok);
  const Check check = check_image("e", good(), {"a/b:1"});
  EXPECT_EQ(check.id, "e.image");
  EXPECT_EQ(check.status, CheckStatus::error);
  EXPECT_EQ(check.fix, "docker pull a/b:1");
  EXPECT_EQ(check_image("e", {}, {"a/b:1"}).status, CheckStatus::skipped);
}

TEST(ContainerChecks, FindARuntimeByName) {
  EXPECT_TRUE(lists_runtime(R"({"nvidia":{"path":"x"},"runc":{}})", "nvidia"));
  EXPECT_FALSE(lists_runtime(R"({"runc":{}})", "nvidia"));
  EXPECT_FALSE(lists_runtime("null", "nvidia"));
  EXPECT_FALSE(lists_runtime("", "nvidia"));
}

/// Programs of our own first on PATH for one test.
class FakePath {
 public:
  FakePath()
      : folder_(fs::path(testing::TempDir()) / ("doctor-path-" + std::to_string(::getpid()))),
        old_(::getenv("PATH")) {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    ::setenv("PATH", (folder_.string() + ":/usr/bin:/bin").c_str(), 1);
  }
  ~FakePath() {
    ::setenv("PATH", old_.c_str(), 1);
    fs::remove_all(folder_);
  }
  FakePath(const FakePath&) = delete;
  FakePath& operator=(const FakePath&) = delete;
  void add(const std::string& name, const std::string& script) {
    std::ofstream(folder_ / name) << "#!/bin/sh\n" << script;
    fs::permissions(folder_ / name, fs::perms::owner_all);
  }

 private:
  fs::path folder_;
  std::string old_;
};

TEST(ContainerFacts, AreWhatTheProgramPrints) {
  FakePath path;
  path.add("docker",
           "if [ $1 = info ]; then printf '28.2.2\\n{\"nvidia\":{},\"runc\":{}}\\n'; fi\n"
           "if [ $1 = image ]; then printf 'sha256:aa a/b@sha256:bb "
           "\\nPATH=/x\\nCUDA_VERSION=12.9.1\\nX=1\\n'; fi\n");
  const ContainerFacts facts = find_containers("docker");
  EXPECT_EQ(facts.program, "docker");
  EXPECT_EQ(facts.version, "28.2.2");
  EXPECT_EQ(facts.problem, "");
  EXPECT_EQ(facts.gpu_by, "runtime nvidia");
  EXPECT_EQ(find_image(facts, "a/b").digest, "sha256:bb");
  EXPECT_EQ(find_image(facts, "a/b").cuda, "12.9.1");
}

TEST(ContainerFacts, TellWhyADaemonDoesNotAnswer) {
  FakePath path;
  path.add("docker", "echo 'Cannot connect to the Docker daemon' >&2; exit 1\n");
  const ContainerFacts facts = find_containers("docker");
  EXPECT_EQ(facts.problem, "Cannot connect to the Docker daemon");
  EXPECT_EQ(find_image(facts, "a/b").digest, "");
  EXPECT_EQ(find_containers("no-such-program").program, "");
}

TEST(ContainerFacts, AreOfTheProgramThatTheLaunchTakes) {
  FakePath path;
  path.add("podman", "echo 4.3.1\n");
  EXPECT_EQ(find_containers("podman").version, "4.3.1");
  path.add("docker", "exit 1\n");
  EXPECT_EQ(find_containers("").program, "docker") << "though only podman answers";
  EXPECT_NE(find_containers("").problem, "");
}

}  // namespace
}  // namespace tokamark::doctor
