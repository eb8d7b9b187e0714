#include "sim/profile.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

#include "sim/nearest.h"
#include "sim/roofline.h"

namespace tokamark::sim {
namespace {

// Llama 4 Scout text model: 48 layers, hidden 5120, 40 heads and 8 KV heads of 128, every layer
// with 16 routed experts (top-1) of 8192 and one shared expert of 8192, vocabulary 202,048.
constexpr double kLayers = 48;
constexpr double kHidden = 5120;
constexpr double kAttentionParameters = 2 * kHidden * 5120 + 2 * kHidden * 1024;
constexpr double kExpertParameters = 3 * kHidden * 8192;
constexpr double kRouterParameters = kHidden * 16;
constexpr double kHeadParameters = 202'048 * kHidden;

roofline::ModelFacts scout_fp8() {
  roofline::ModelFacts model;
  // FP8 stores one byte a parameter in the layers; the output head stays BF16.
  model.dense_bytes = kLayers * (kAttentionParameters + kExpertParameters + kRouterParameters) +
                      2 * kHeadParameters;
  model.expert_bytes = kLayers * kExpertParameters;
  model.experts = 16;
  model.experts_per_token = 1;
  model.layer_parameters_per_token =
      kLayers * (kAttentionParameters + 2 * kExpertParameters + kRouterParameters);
  model.head_parameters = kHeadParameters;
  model.attention_flops_per_pair = 4 * kLayers * 40 * 128;
  model.kv_bytes_per_token = 2 * 8 * 128 * kLayers;  // FP8 keys and values
  return model;
}

constexpr roofline::Ceilings kH200{4.8e12, 1.979e15};
constexpr double kScoutMemoryEfficiency = 0.75;
constexpr double kScoutComputeEfficiency = 0.5;
constexpr std::int64_t kCalibrationContext = 256;
constexpr double kVllmTokensPerS = 84.8;
constexpr double kSglangTokensPerS = 106.3;

constexpr std::string_view kScoutSource =
    "Llama 4 Scout's published configuration (48 layers, 16 routed experts top-1, one shared "
    "expert, 8 KV heads of 128) with FP8 layers and KV cache and a BF16 head; H200 SXM 4.8 TB/s "
    "and 1979 dense FP8 TFLOPS from NVIDIA's figures; assumed: 75 % of the memory ceiling, 50 % of "
    "the compute ceiling, KV cache of 224,000 tokens. ";

Profile scout(std::string name, DialectKind dialect) {
  Profile profile;
  profile.name = std::move(name);
  profile.dialect = dialect;
  profile.default_model = "nvidia/Llama-4-Scout-17B-16E-Instruct-FP8";
  profile.model = scout_fp8();
  // Up to the attention chunk of 8192 every layer caches the whole context.
  profile.context_limit = 8192;
  profile.gpu = kH200;
  profile.engine.memory_efficiency = kScoutMemoryEfficiency;
  profile.engine.compute_efficiency = kScoutComputeEfficiency;
  profile.engine.kv_capacity_tokens = 224'000;
  profile.engine.tokens_per_step = 8192;
  return profile;
}

Profile scout_vllm() {
  Profile profile = scout("llama4-scout-h200-vllm", DialectKind::vllm);
  profile.engine.max_sequences = 1024;
  profile.engine.request_overhead = std::chrono::milliseconds{1};
  profile.engine.step_overhead = calibrated_overhead(profile, kVllmTokensPerS, kCalibrationContext);
  profile.source = std::string(kScoutSource) +
                   "Step overhead chosen so that one stream decodes 84.8 tok/s, the reference "
                   "study's figure for vLLM.";
  return profile;
}

Profile scout_sglang() {
  Profile profile = scout("llama4-scout-h200-sglang", DialectKind::sglang);
  profile.engine.max_sequences = 256;
  profile.engine.prefill = PrefillStyle::chunked_separate;
  profile.engine.request_overhead = std::chrono::milliseconds{1};
  profile.engine.step_overhead =
      calibrated_overhead(profile, kSglangTokensPerS, kCalibrationContext);
  profile.source = std::string(kScoutSource) +
                   "Step overhead chosen so that one stream decodes 106.3 tok/s, the reference "
                   "study's figure for SGLang.";
  return profile;
}

Profile scout_tensorrt_llm() {
  Profile profile = scout("llama4-scout-h200-tensorrt-llm", DialectKind::tensorrt_llm);
  profile.engine.max_sequences = 1024;
  profile.engine.prefill = PrefillStyle::whole_mixed;
  profile.engine.admission = Admission::reserve_output;
  profile.engine.request_overhead = std::chrono::milliseconds{1};
  profile.engine.step_overhead =
      (scout_vllm().engine.step_overhead + scout_sglang().engine.step_overhead) / 2;
  profile.source = std::string(kScoutSource) +
                   "The reference study has no TensorRT-LLM figure: the step overhead is ASSUMED "
                   "to be the mean of the vLLM and SGLang ones, so its rank among the three means "
                   "nothing.";
  return profile;
}

Profile tiny(std::string name, DialectKind dialect) {
  Profile profile;
  profile.name = std::move(name);
  profile.dialect = dialect;
  profile.default_model = "tiny";
  profile.model.dense_bytes = 1e8;
  profile.model.layer_parameters_per_token = 5e7;
  profile.model.kv_bytes_per_token = 2048;
  profile.context_limit = 8192;
  profile.gpu = {1e12, 1e14};
  profile.engine.step_overhead = std::chrono::milliseconds{2};
  profile.engine.kv_capacity_tokens = 1'000'000;
  profile.engine.tokens_per_step = 2048;
  profile.engine.max_sequences = 256;
  profile.source = "Invented for tests: small, fast, with room for every sequence.";
  return profile;
}

Profile tiny_sglang() {
  Profile profile = tiny("tiny-sglang", DialectKind::sglang);
  profile.engine.prefill = PrefillStyle::chunked_separate;
  return profile;
}

Profile tiny_tensorrt_llm() {
  Profile profile = tiny("tiny-tensorrt-llm", DialectKind::tensorrt_llm);
  profile.engine.prefill = PrefillStyle::whole_mixed;
  profile.engine.admission = Admission::reserve_output;
  profile.engine.tokens_per_step = 8192;
  return profile;
}

std::vector<Profile> all_profiles() {
  return {scout_sglang(),
          scout_tensorrt_llm(),
          scout_vllm(),
          tiny("tiny-llama-cpp", DialectKind::llama_cpp),
          tiny_sglang(),
          tiny_tensorrt_llm(),
          tiny("tiny-vllm", DialectKind::vllm)};
}

}  // namespace

std::string_view dialect_name(DialectKind kind) {
  switch (kind) {
    case DialectKind::vllm:
      return "vllm";
    case DialectKind::sglang:
      return "sglang";
    case DialectKind::tensorrt_llm:
      return "tensorrt-llm";
    case DialectKind::llama_cpp:
      break;
  }
  return "llama-cpp";
}

std::vector<std::string> profile_names() {
  std::vector<std::string> names;
  for (const Profile& profile : all_profiles()) names.push_back(profile.name);
  return names;
}

base::Result<Profile> find_profile(std::string_view name) {
  std::vector<std::string> names;
  for (Profile& profile : all_profiles()) {
    if (profile.name == name) return std::move(profile);
    names.push_back(profile.name);
  }
  return base::Error{base::ErrorKind::usage,
                     fmt::format("no simulated profile is named '{}'; the nearest are {}", name,
                                 fmt::join(nearest_names(name, std::move(names)), ", "))};
}

}  // namespace tokamark::sim
