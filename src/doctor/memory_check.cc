#include "doctor/memory_check.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace tokamark::doctor {

namespace {

using Status = CheckStatus;

constexpr double kGiB = 1024.0 * 1024.0 * 1024.0;
/// Activations, captured graphs and the CUDA context: "a few GiB" for the models of today. The
/// least of it, so that what is refused cannot run.
constexpr double kReserve_bytes = 2.0 * kGiB;
/// vLLM's default of --gpu-memory-utilization.
constexpr double kVllmShare = 0.92;
/// TensorRT-LLM's default share of what is free after the weights.
constexpr double kTensorRtShare = 0.9;
/// What SGLang leaves free at least when nothing is said.
constexpr double kSglangReserve_bytes = 10.0 * kGiB;

/// Blocks of GGUF: bytes of a block over its weights. NVFP4 has a byte of scale for 16 weights,
/// MXFP4 one for 32; int4 in groups of 128 two bytes of scale and half a byte of zero point.
constexpr std::array<std::pair<const char*, double>, 27> kPrecisions{{
    {"fp32", 4.0},         {"float32", 4.0},      {"f32", 4.0},          {"bf16", 2.0},
    {"bfloat16", 2.0},     {"fp16", 2.0},         {"float16", 2.0},      {"f16", 2.0},
    {"half", 2.0},         {"fp8", 1.0},          {"int8", 1.0},         {"w8a8", 1.0},
    {"nvfp4", 9.0 / 16},   {"mxfp4", 17.0 / 32},  {"fp4", 9.0 / 16},     {"int4", 66.5 / 128},
    {"w4a16", 66.5 / 128}, {"awq", 66.5 / 128},   {"gptq", 66.5 / 128},  {"bitsandbytes", 0.5625},
    {"q8_0", 34.0 / 32},   {"q6_k", 210.0 / 256}, {"q5_1", 24.0 / 32},   {"q5_0", 22.0 / 32},
    {"q4_1", 20.0 / 32},   {"q4_0", 18.0 / 32},   {"q4_k", 144.0 / 256},
}};

/// What of a GPU may hold weights, keys and values, in words too.
struct Room {
  double bytes = 0;     ///< for weights, keys and values
  double kv_share = 1;  ///< of what the weights leave
  std::string told;
};

Room room_of(const MemoryNeeds& needs, const MemoryPlace& place) {
  const std::string whole = fmt::format("{} of {}", size_text(place.bytes), place.name);
  if (place.kind == MemoryPlace::Kind::host) return {place.bytes, 1.0, whole};
  const std::string less =
      fmt::format(", less {:.0f} GiB for activations and graphs", kReserve_bytes / kGiB);
  const auto share = needs.shape.memory_share;
  if (needs.kind == "sglang") {
    if (share) return {*share * place.bytes, 1.0, fmt::format("{:g} % of {}", *share * 100, whole)};
    return {place.bytes - kSglangReserve_bytes, 1.0,
            fmt::format("{}, less the 10 GiB that SGLang leaves free", whole)};
  }
  if (needs.kind == "vllm") {
    const double used = share.value_or(kVllmShare);
    return {used * place.bytes - kReserve_bytes, 1.0,
            fmt::format("{:g} % of {}{}", used * 100, whole, less)};
  }
  const double kv = needs.kind == "tensorrt-llm" ? share.value_or(kTensorRtShare) : 1.0;
  return {place.bytes - kReserve_bytes, kv, whole + less};
}

/// The memory of a GPU that would do, in whole GiB.
double wanted_gib(const MemoryNeeds& needs) {
  const double weights = needs.weights.bytes / needs.shape.split;
  double bytes = weights + kReserve_bytes;
  if (needs.kind == "vllm") bytes /= needs.shape.memory_share.value_or(kVllmShare);
  if (needs.kind == "sglang") {
    const auto share = needs.shape.memory_share;
    bytes = share ? weights / *share : weights + kSglangReserve_bytes;
  }
  return std::ceil(bytes / kGiB);
}

double kv_bytes_per_token(const MemoryNeeds& needs) {
  const std::string& type = needs.shape.kv_dtype;
  const double size = type.find("fp8") != std::string::npos || type == "int8" ? 1.0 : 2.0;
  return needs.kv->elements_per_token * size / needs.shape.split;
}

/// 280,125 as "280,000", since it is an estimate.
std::string thousands(double tokens) {
  if (tokens < 10'000) return fmt::format("{:.0f}", std::floor(tokens));
  const auto whole = static_cast<std::int64_t>(tokens / 1000);
  if (whole < 1000) return fmt::format("{},000", whole);
  return fmt::format("{},{:03},000", whole / 1000, whole % 1000);
}

/// What the weights leave, in tokens; the check when it is too little.
void judge_tokens(const MemoryNeeds& needs, const Room& room, double left, Check& check) {
  const double tokens = left * room.kv_share / kv_bytes_per_token(needs);
  check.found += fmt::format("; {} left for keys and values, {} tokens of {:.0f} KiB",
                             size_text(left), thousands(tokens), kv_bytes_per_token(needs) / 1024);
  std::int64_t longest = needs.shape.context_tokens.value_or(0);
  if (needs.kv->window) longest = std::min(longest, *needs.kv->window);
  if (static_cast<double>(longest) > tokens) {
    check.status = Status::error;
    check.wanted = fmt::format("room for one sequence of {} tokens", longest);
    check.fix =
        "shorten the context (--max-model-len and its like), use FP8 keys and values, or "
        "more GPUs";
    return;
  }
  const std::int64_t budget = needs.shape.kv_cache_tokens.value_or(0);
  if (static_cast<double>(budget) > tokens) {
    check.status = Status::error;
    check.wanted = fmt::format("room for the {} tokens that its cache must hold", budget);
    check.fix = "lower kv_cache_tokens, use FP8 keys and values, or more GPUs";
    return;
  }
  const std::int64_t at_once = needs.shape.max_sequences
                                   ? std::min(needs.in_flight, *needs.shape.max_sequences)
                                   : needs.in_flight;
  if (static_cast<double>(at_once * needs.tokens_per_request) <= tokens) return;
  check.status = Status::warning;
  check.wanted = fmt::format("{} tokens, so that {} requests of {} run at once",
                             at_once * needs.tokens_per_request, at_once, needs.tokens_per_request);
  check.fix = "expect queueing and preemption, or lower the concurrency";
}

}  // namespace

std::optional<double> bytes_per_parameter(const std::string& precision) {
  const std::string word = lower(precision);
  std::optional<double> best;
  std::size_t longest = 0;  // "q4_k_m" is q4_k, "fp8-dynamic" is fp8, "modelopt_fp8" too
  for (const auto& [name, bytes] : kPrecisions) {
    const std::string known = name;
    if (known.size() <= longest || word.find(known) == std::string::npos) continue;
    best = bytes;
    longest = known.size();
  }
  return best;
}

std::optional<WeightsSize> weights_size(const engine::EngineSpec& spec,
                                        const engine::ModelSpec& model, const ModelFacts& files) {
  std::string precision = model.precision;
  const std::string asked = launch_shape(spec).quantization;
  const auto stated = bytes_per_parameter(precision);
  const auto quantised = bytes_per_parameter(asked);
  if (stated && quantised && *quantised < *stated) precision = asked;
  const auto each = bytes_per_parameter(precision);
  if (model.parameters_b > 0 && each && spec.model.empty()) {
    const double bytes = model.parameters_b * 1e9 * *each;
    return WeightsSize{
        bytes, fmt::format("{:g} x 10^9 parameters x {:.3g} byte{} ({}) = {}", model.parameters_b,
                           *each, *each == 1.0 ? "" : "s", precision, size_text(bytes))};
  }
  if (files.weight_bytes > 0 && files.lacks.empty()) {
    const auto bytes = static_cast<double>(files.weight_bytes);
    return WeightsSize{bytes, fmt::format("weight files of {}", size_text(bytes))};
  }
  return std::nullopt;
}

Check check_memory(const MemoryNeeds& needs, const MemoryPlace& place) {
  Check check{needs.id, Status::ok, needs.weights.sum};
  const std::uint32_t split = needs.shape.split;
  const double weights = needs.weights.bytes / split;
  if (split > 1) check.found += fmt::format(", {} on each of {} GPUs", size_text(weights), split);
  if (place.name.empty()) {
    check.status = Status::skipped;
    check.found += "; there is no GPU to hold it";
    check.wanted = fmt::format(
        "{} with at least {:.0f} GiB, for the weights and what the engine keeps free; keys and "
        "values come on top",
        split > 1 ? fmt::format("{} GPUs", split) : std::string("a GPU"), wanted_gib(needs));
    return check;
  }
  const Room room = room_of(needs, place);
  if (weights > room.bytes) {
    check.status = Status::error;
    check.wanted = fmt::format("at most {}: {}", size_text(std::max(0.0, room.bytes)), room.told);
    check.fix = place.kind == MemoryPlace::Kind::host
                    ? "a smaller model, fewer bits a weight, or a machine with more memory"
                    : fmt::format(
                          "{} with at least {:.0f} GiB, more GPUs (tensor parallel), or "
                          "fewer bits a weight",
                          split > 1 ? "GPUs" : "a GPU", wanted_gib(needs));
    return check;
  }
  const bool whole = room.bytes == place.bytes;
  check.found += whole ? " within " + room.told
                       : fmt::format(" within {}, {}", size_text(room.bytes), room.told);
  if (needs.kv && needs.kv->elements_per_token > 0) {
    judge_tokens(needs, room, room.bytes - weights, check);
  } else {
    check.found += "; keys and values were not judged, as there is no config.json to read";
  }
  return check;
}

}  // namespace tokamark::doctor
