#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "roofline/model_facts.h"

namespace tokamark::sim {

/// The wire format and the habits of one real engine.
enum class DialectKind { vllm, sglang, tensorrt_llm, llama_cpp };

/// How prompts enter the batch.
enum class PrefillStyle {
  chunked_mixed,     ///< prompt chunks share a step with decodes, decodes first (vLLM, llama.cpp)
  chunked_separate,  ///< a step is either prompt chunks or decodes, prompts first (SGLang)
  whole_mixed,       ///< a prompt enters whole, beside decodes (TensorRT-LLM, chunking off)
};

/// What is promised to a request when it enters the batch.
enum class Admission {
  optimistic,      ///< room for the prompt only; the newest is preempted and recomputed when full
  reserve_output,  ///< room for prompt and whole output; nothing is ever preempted
};

/// Whether usage blocks state `cached_tokens` where the engine makes that a choice.
enum class CachedTokenReport { omitted, reported };

/// How an engine uses the accelerator, and its scheduling limits.
struct EngineFacts {
  double memory_efficiency = 1;     ///< share of the memory ceiling that is reached, (0, 1]
  double compute_efficiency = 1;    ///< share of the compute ceiling that is reached, (0, 1]
  base::Nanos step_overhead{0};     ///< added to every step: launches, host work, sampling
  base::Nanos request_overhead{0};  ///< API server's time a request, one request after another
  std::int64_t kv_capacity_tokens = 0;
  std::int64_t tokens_per_step = 0;  ///< prompt tokens and decodes that one step may hold
  std::int64_t max_sequences = 0;    ///< sequences in the batch
  PrefillStyle prefill = PrefillStyle::chunked_mixed;
  Admission admission = Admission::optimistic;
};

/// Everything the simulated engine knows about the model, the GPU and the engine it stands for.
struct Profile {
  std::string name;
  DialectKind dialect = DialectKind::vllm;
  CachedTokenReport cached_tokens = CachedTokenReport::reported;
  std::string default_model;  ///< served name when the user gives none
  roofline::ModelFacts model;
  std::int64_t context_limit = 0;  ///< prompt plus output, tokens
  roofline::Ceilings gpu;          ///< in the precision of the weights
  EngineFacts engine;
  std::string source;  ///< where the numbers come from, one paragraph
};

/// "vllm", "sglang", "tensorrt-llm" or "llama-cpp".
std::string_view dialect_name(DialectKind kind);

/// The known profiles, in alphabetical order.
std::vector<std::string> profile_names();

/// The profile of that name. An unknown name is an error of kind `usage` that lists the nearest
/// names.
base::Result<Profile> find_profile(std::string_view name);

}  // namespace tokamark::sim
