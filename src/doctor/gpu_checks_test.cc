#include "doctor/gpu_checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tokamark::doctor {
namespace {

using testing::HasSubstr;
using Wanted = GpuNeeds::Wanted;

/// A machine with one H200 that is fit.
GpuFacts good() {
  GpuFacts facts;
  facts.source = "NVML";
  facts.driver = "580.95.05";
  facts.cuda = 13000;
  GpuFacts::Gpu gpu;
  gpu.identity = {"NVIDIA H200", "GPU-0", 143'771LL * 1024 * 1024};
  gpu.settings = {90, false, true, true, 700.0, 700.0};
  gpu.now.used_bytes = 500'000'000;
  gpu.now.state.temperature_c = 31;
  gpu.now.state.throttle_reasons = 1;  // idle
  gpu.now.state.ecc_errors = 0;
  facts.gpus.push_back(gpu);
  return facts;
}

GpuNeeds one(const std::string& stated = "") { return {Wanted::yes, 1, "vllm", stated}; }

Check found(const std::string& id, const GpuFacts& facts, const GpuNeeds& needs) {
  for (const Check& check : check_gpus(facts, needs)) {
    if (check.id == id) return check;
  }
  ADD_FAILURE() << "no check " << id;
  return {};
}

TEST(GpuChecks, AFitGpuPassesAll) {
  for (const Check& check : check_gpus(good(), one("1 x NVIDIA H200 141 GB"))) {
    EXPECT_EQ(check.status, CheckStatus::ok) << check.id << ": " << check.found;
    EXPECT_EQ(check.fix, "") << check.id;
  }
}

TEST(GpuChecks, RefusesAMachineWithoutTheGpusThatAreNeeded) {
  GpuFacts none;
  none.problem = "no GPU: nothing is installed";
  EXPECT_EQ(check_gpus(none, one()).size(), 1U);
  EXPECT_EQ(found("gpu.present", none, one()).status, CheckStatus::error);
  EXPECT_EQ(found("gpu.present", none, {Wanted::no, 0, "", ""}).status, CheckStatus::skipped);
  EXPECT_EQ(found("gpu.present", none, {}).status, CheckStatus::skipped);
  const Check two = found("gpu.present", good(), {Wanted::yes, 2, "vllm", ""});
  EXPECT_EQ(two.status, CheckStatus::error);
  EXPECT_EQ(two.wanted, "2 GPUs for vllm");
}

TEST(GpuChecks, RefusesAnotherGpuThanTheStudyStates) {
  EXPECT_EQ(found("gpu.model", good(), one("1 x NVIDIA H100 80 GB")).status, CheckStatus::error);
  EXPECT_EQ(found("gpu.model", good(), one("H200 SXM5")).status, CheckStatus::ok);
  EXPECT_EQ(found("gpu.model", good(), one("the large machine")).status, CheckStatus::ok)
      << "no model is named";
  EXPECT_EQ(found("gpu.model", good(), one("RTX 4090")).status, CheckStatus::error);
}

TEST(GpuChecks, RefusesAGpuThatOthersUse) {
  GpuFacts facts = good();
  facts.gpus[0].now.processes = {{4242, std::int64_t{3} << 30}};
  facts.gpus[0].process_names = {"python3"};
  const Check check = found("gpu.processes", facts, one());
  EXPECT_EQ(check.status, CheckStatus::error);
  EXPECT_EQ(check.found, "GPU 0: pid 4242 (python3) with 3.0 GiB");
  facts = good();
  facts.gpus[0].now.used_bytes = std::int64_t{40} << 30;
  EXPECT_EQ(found("gpu.processes", facts, one()).status, CheckStatus::warning)
      << "a process that a container hides";
}

TEST(GpuChecks, RefusesAGpuThatIsSplit) {
  GpuFacts facts = good();
  facts.gpus[0].settings.mig = true;
  EXPECT_EQ(found("gpu.mig", facts, one()).status, CheckStatus::error);
  facts.gpus[0].settings.mig.reset();
  EXPECT_EQ(found("gpu.mig", facts, one()).status, CheckStatus::skipped);
}

TEST(GpuChecks, WarnsOfWhatSpoilsNumbers) {
  GpuFacts facts = good();
  facts.gpus[0].now.state.ecc_errors = 2;
  facts.gpus[0].now.state.throttle_reasons = 0x40;
  facts.gpus[0].now.state.temperature_c = 60;
  facts.gpus[0].settings.persistence = false;
  facts.gpus[0].settings.power_limit_w = 350;
  for (const char* id :
       {"gpu.ecc", "gpu.throttle", "gpu.temperature", "gpu.persistence", "gpu.power_limit"}) {
    const Check check = found(id, facts, one());
    EXPECT_EQ(check.status, CheckStatus::warning) << id;
    EXPECT_NE(check.fix, "") << id;
  }
  EXPECT_EQ(found("gpu.power_limit", facts, one()).found, "GPU 0: 350 W of 700 W");
  facts.gpus[0].now.state.throttle_reasons = 0x04;  // a power cap that somebody set
  EXPECT_EQ(found("gpu.throttle", facts, one()).status, CheckStatus::ok);
}

TEST(GpuChecks, JudgesNothingWhereNoEngineNeedsAGpu) {
  GpuFacts facts = good();
  facts.gpus[0].now.processes = {{1, {}}};
  facts.gpus[0].settings.mig = true;
  facts.gpus[0].settings.persistence = false;
  for (const Check& check : check_gpus(facts, {Wanted::no, 0, "", "RTX 4090"})) {
    EXPECT_LT(check.status, CheckStatus::warning) << check.id;
  }
  for (const Check& check : check_gpus(facts, {})) {
    EXPECT_LT(check.status, CheckStatus::error) << check.id << " without a study";
  }
}

TEST(GpuChecks, BetweenTrialsTheEnginesOwnProcessesAreNoneOfOthers) {
  probe::GpuReading reading;
  reading.used_bytes = std::int64_t{120} << 30;
  reading.processes = {{10, {}}, {11, {}}};
  const auto shared = check_gpus_again({reading}, {10});
  ASSERT_EQ(shared.size(), 2U);
  EXPECT_EQ(shared[0].status, CheckStatus::error);
  EXPECT_THAT(shared[0].found, HasSubstr("pid 11"));
  EXPECT_EQ(check_gpus_again({reading}, {10, 11})[0].status, CheckStatus::ok);
  EXPECT_EQ(check_gpus_again({reading}, {7}).size(), 1U) << "ids of another namespace";
  reading.state.throttle_reasons = 0x80;
  EXPECT_EQ(check_gpus_again({reading}, {7})[0].status, CheckStatus::warning);
}

TEST(GpuChecks, LooksOnlyAtGpusThatCudaSees) {
  GpuFacts facts = good();
  facts.gpus.push_back(facts.gpus[0]);
  facts.gpus[1].identity.uuid = "GPU-1234-56";
  EXPECT_EQ(visible_gpus(facts, "").gpus.size(), 2U);
  ASSERT_EQ(visible_gpus(facts, "1").gpus.size(), 1U);
  EXPECT_EQ(visible_gpus(facts, "1").gpus[0].identity.uuid, "GPU-1234-56");
  EXPECT_EQ(visible_gpus(facts, "GPU-1234").gpus[0].identity.uuid, "GPU-1234-56");
  EXPECT_EQ(visible_gpus(facts, "0,1").gpus.size(), 2U);
  EXPECT_EQ(found("gpu.present", visible_gpus(facts, "7"), one()).status, CheckStatus::error);
}

TEST(GpuChecks, WritesCudaVersions) {
  EXPECT_EQ(cuda_text(13000), "13.0");
  EXPECT_EQ(cuda_text(12090), "12.9");
}

}  // namespace
}  // namespace tokamark::doctor
