#include "doctor/engine_checks.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "doctor/launch_shape.h"
#include "engine/version.h"

namespace tokamark::doctor {

namespace {

using Status = CheckStatus;

constexpr int kFp8Capability = 89;   // Ada; Hopper is 90
constexpr int kFp4Capability = 100;  // Blackwell

struct Parted {
  std::string found, fix;
};

/// An error line "engine "NAME": what; what to do" as its two parts.
Parted parted(std::string message, const std::string& engine) {
  const std::string front = fmt::format("engine \"{}\": ", engine);
  if (message.rfind(front, 0) == 0) message.erase(0, front.size());
  const std::size_t cut = message.rfind("; ");
  if (cut == std::string::npos) return {message, ""};
  return {message.substr(0, cut), message.substr(cut + 2)};
}

Check launch(const EngineCase& engine) {
  const std::string id = engine.spec.name + ".launch";
  if (!engine.found.problem.empty()) {
    const Parted parts = parted(engine.found.problem, engine.spec.name);
    return {id, Status::error, parts.found, "", parts.fix};
  }
  const auto& command = engine.found.command;
  std::string program = command.empty() ? "" : command.front();
  if (engine.found.version.empty()) return {id, Status::ok, program};
  return {id, Status::ok,
          fmt::format("{} ({} {})", program, engine.spec.kind, engine.found.version)};
}

/// Only what the launch, which stops at the first thing that is missing, has not said.
std::optional<Check> venv(const EngineCase& engine) {
  const std::string& problem = engine.found.venv_problem;
  if (problem.empty() || problem == engine.found.problem) return std::nullopt;
  const Parted parts = parted(problem, engine.spec.name);
  return Check{engine.spec.name + ".venv", Status::error, parts.found, "", parts.fix};
}

std::optional<Check> version(const EngineCase& engine) {
  const std::string& wanted = engine.spec.version;
  if (wanted.empty()) return std::nullopt;
  const std::string id = engine.spec.name + ".version";
  const std::string& found = engine.found.version;
  if (found.empty()) {
    return Check{id, Status::skipped, "not known before the engine runs, and checked then", wanted};
  }
  if (engine::version_meets(found, wanted)) return Check{id, Status::ok, found};
  return Check{id, Status::error, found, wanted,
               fmt::format("install {} {} in {}, or correct `version`", engine.spec.kind, wanted,
                           engine.spec.venv)};
}

std::optional<Check> port(const EngineCase& engine) {
  if (engine.found.port == 0) return std::nullopt;
  const std::string id = engine.spec.name + ".port";
  if (engine.found.port_problem.empty()) {
    return Check{id, Status::ok, fmt::format("{} is free", engine.found.port)};
  }
  const Parted parts = parted(engine.found.port_problem, engine.spec.name);
  return Check{id, Status::error, parts.found, "a port that nothing listens on", parts.fix};
}

std::optional<Check> cuda(const EngineCase& engine) {
  const std::string& built = engine.found.cuda;
  const bool image = !engine.spec.image.empty();
  if (built.empty() || !needs_gpu(engine.spec, engine.found)) return std::nullopt;
  Check check{engine.spec.name + ".cuda", Status::ok,
              built == "cpu"
                  ? "its torch is a CPU build"
                  : (image ? "the image holds CUDA " : "its torch is built for CUDA ") + built};
  if (built == "cpu") {
    check.status = Status::error;
    check.wanted = "a torch for CUDA, as this engine computes on a GPU";
    check.fix = "install the engine again in a new venv, from packages built for CUDA";
    return check;
  }
  const int least = least_driver(built);
  if (engine.gpus.driver.empty()) {
    check.status = Status::skipped;
    check.found += "; no driver to compare with";
    if (least > 0) check.wanted = fmt::format("driver {} or later", least);
    return check;
  }
  check.found += fmt::format("; driver {}", engine.gpus.driver);
  if (engine.gpus.cuda) check.found += ", CUDA up to " + cuda_text(*engine.gpus.cuda);
  const int driver = std::atoi(engine.gpus.driver.c_str());
  const int runs = engine.gpus.cuda ? *engine.gpus.cuda / 1000 : 0;
  if (driver >= least && (runs == 0 || runs >= std::atoi(built.c_str()))) return check;
  check.status = image ? Status::warning : Status::error;
  check.wanted = fmt::format("driver {} or later for CUDA {}{}", least, built,
                             image ? ", or CUDA's compatibility libraries in the image" : "");
  check.fix = fmt::format("update the driver, or install a build for CUDA {} or older",
                          engine.gpus.cuda ? cuda_text(*engine.gpus.cuda) : "of this driver");
  return check;
}

/// The arithmetic of the weights or keys and values that a GPU must have.
std::optional<Check> arithmetic(const EngineCase& engine) {
  if (engine.gpus.gpus.empty() || !needs_gpu(engine.spec, engine.found)) return std::nullopt;
  const LaunchShape shape = launch_shape(engine.spec);
  const std::string words = lower(engine.model.precision) + " " + shape.quantization;
  const bool fp4 = words.find("fp4") != std::string::npos;
  const bool fp8 = words.find("fp8") != std::string::npos;
  const auto& capability = engine.gpus.gpus.front().settings.compute_capability;
  if ((!fp4 && !fp8) || !capability) return std::nullopt;
  const int least = fp4 ? kFp4Capability : kFp8Capability;
  Check check{engine.spec.name + ".gpu", Status::ok,
              fmt::format("{} weights; compute capability {}.{}", fp4 ? "FP4" : "FP8",
                          *capability / 10, *capability % 10)};
  if (*capability >= least) return check;
  check.wanted = fmt::format("{}.{} or later, where the GPU computes in {}", least / 10, least % 10,
                             fp4 ? "FP4" : "FP8");
  // vLLM keeps such weights packed and computes in 16 bits.
  check.status = engine.spec.kind == "vllm" ? Status::warning : Status::error;
  check.fix =
      fmt::format("a {} GPU, or weights in 16 bits or INT8", fp4 ? "Blackwell" : "Hopper or Ada");
  return check;
}

}  // namespace

int least_driver(const std::string& cuda) {
  // CUDA release notes, "Minimum required driver version for CUDA minor version compatibility".
  switch (std::atoi(cuda.c_str())) {
    case 11:
      return 450;
    case 12:
      return 525;
    case 13:
      return 580;
    default:
      return 0;
  }
}

std::vector<Check> check_engine(const EngineCase& engine) {
  std::vector<Check> checks{launch(engine)};
  for (auto check :
       {venv(engine), version(engine), port(engine), cuda(engine), arithmetic(engine)}) {
    if (check) checks.push_back(std::move(*check));
  }
  return checks;
}

}  // namespace tokamark::doctor
