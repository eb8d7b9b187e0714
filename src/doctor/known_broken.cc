#include "doctor/known_broken.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>

#include "doctor/launch_shape.h"
#include "engine/launch_line.h"

namespace tokamark::doctor {

namespace {

using Status = CheckStatus;
namespace fs = std::filesystem;

bool is_llama4(const EngineCase& engine) {
  const std::string name =
      lower(engine.model.name + " " + engine::model_location(engine.spec, engine.model));
  return name.find("llama-4") != std::string::npos || name.find("llama4") != std::string::npos;
}

bool has(const EngineCase& engine, std::string_view flag) {
  return engine::has_flag(engine.spec.args, {flag});
}

bool bitsandbytes_moe(const EngineCase& engine) {
  return is_llama4(engine) && launch_shape(engine.spec).quantization == "bitsandbytes";
}

bool unbounded_llama4(const EngineCase& engine) {
  return is_llama4(engine) && !launch_shape(engine.spec).context_tokens;
}

bool removed_log_flag(const EngineCase& engine) { return has(engine, "--disable-log-requests"); }

bool no_statistics(const EngineCase& engine) { return has(engine, "--disable-log-stats"); }

bool llama4_attention(const EngineCase& engine) {
  constexpr std::array<std::string_view, 6> kAllowed{"fa3",    "aiter",      "triton",
                                                     "ascend", "trtllm_mha", "intel_xpu"};
  const auto backend = flag_value(engine.spec.args, {"--attention-backend"});
  return is_llama4(engine) && backend &&
         std::find(kAllowed.begin(), kAllowed.end(), *backend) == kAllowed.end();
}

bool sglang_without_cpu_kernels(const EngineCase& engine) {
  return asks_for_cpu(engine.spec) && engine.spec.image.empty() &&
         engine.found.distributions.count("sglang-kernel-cpu") == 0;
}

bool no_gpu(const EngineCase& engine) { return engine.gpus.gpus.empty(); }

bool fp8_in_gguf(const EngineCase& engine) {
  return engine.spec.model.empty() &&
         lower(engine.model.precision).find("fp8") != std::string::npos;
}

/// One row: when `applies` to an engine of this kind, what is wrong and what to do.
struct Broken {
  const char* id;
  const char* kind;
  Status status;
  bool (*applies)(const EngineCase& engine);
  const char* found;
  const char* why;
  const char* fix;
};

constexpr std::array<Broken, 8> kBroken{{
    {"bitsandbytes_moe", "vllm", Status::error, bitsandbytes_moe,
     "--quantization bitsandbytes with Llama 4",
     "another quantisation: bitsandbytes in four bits does not take this model's mixture of "
     "experts",
     "use the FP8 checkpoint, or one in compressed-tensors INT4"},
    {"context", "vllm", Status::error, unbounded_llama4, "Llama 4 without --max-model-len",
     "a stated context: the model's own 10 million tokens need more keys and values than a GPU has",
     "add --max-model-len, the longest prompt and answer together"},
    {"log_requests", "vllm", Status::error, removed_log_flag, "--disable-log-requests",
     "no such flag: it was removed, and vLLM's argument parser then ends with code 2",
     "leave it out: requests are not logged by default"},
    {"log_stats", "vllm", Status::warning, no_statistics, "--disable-log-stats",
     "the engine's counters: this flag removes the vllm: metrics with the periodic line",
     "leave it out"},
    {"attention", "sglang", Status::error, llama4_attention,
     "--attention-backend that SGLang refuses for Llama 4",
     "fa3, aiter, triton, ascend, trtllm_mha or intel_xpu: an assertion refuses others",
     "leave the flag out: on Hopper it is fa3"},
    {"cpu_kernels", "sglang", Status::error, sglang_without_cpu_kernels,
     "SGLang on the CPU without sglang-kernel-cpu",
     "the CPU build of its kernels: it is imported even where the CPU has no AMX, and the package "
     "index does not have it",
     "build sgl-kernel with pyproject_cpu.toml, or use an image for CPUs (-xeon)"},
    {"no_gpu", "tensorrt-llm", Status::error, no_gpu, "TensorRT-LLM without a GPU",
     "a GPU: the package needs CUDA and MPI to be imported, and ends with \"No GPU devices found\"",
     "leave this engine out here (--engine keeps others), or use a machine with a GPU"},
    {"fp8", "llama-cpp", Status::error, fp8_in_gguf, "llama.cpp with an FP8 model",
     "a GGUF file: llama.cpp has no FP8, so its weights are others than the study states",
     "set this engine's `model` to a GGUF file, and say in the study that weights differ"},
}};

/// Kinds that bring kernels of their own for one version of torch.
bool has_kernels(const EngineCase& engine) {
  return engine.spec.kind == "vllm" || engine.spec.kind == "sglang" ||
         engine.spec.kind == "tensorrt-llm";
}

bool same_venv(const EngineCase& one, const EngineCase& other) {
  if (!has_kernels(one) || !has_kernels(other)) return false;
  if (one.spec.venv.empty() || other.spec.venv.empty()) return false;
  std::error_code failed;
  return fs::weakly_canonical(one.spec.venv, failed) ==
         fs::weakly_canonical(other.spec.venv, failed);
}

}  // namespace

std::vector<Check> check_known_broken(const EngineCase& engine) {
  std::vector<Check> checks;
  for (const Broken& row : kBroken) {
    if (engine.spec.kind != row.kind || !row.applies(engine)) continue;
    checks.push_back({fmt::format("{}.known.{}", engine.spec.name, row.id), row.status, row.found,
                      row.why, row.fix});
  }
  return checks;
}

std::vector<Check> check_shared_venvs(const std::vector<EngineCase>& engines) {
  std::vector<Check> checks;
  for (std::size_t i = 0; i < engines.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (engines[i].spec.kind == engines[j].spec.kind || !same_venv(engines[i], engines[j])) {
        continue;
      }
      checks.push_back({engines[i].spec.name + ".known.shared_venv", Status::error,
                        fmt::format("{} and {} share {}", engines[j].spec.name,
                                    engines[i].spec.name, engines[i].spec.venv),
                        "a venv for each engine: they pin different versions of torch and "
                        "flashinfer, and the one installed last breaks the other",
                        "make a second venv"});
      break;
    }
  }
  return checks;
}

}  // namespace tokamark::doctor
