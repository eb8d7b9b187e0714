#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/spec.h"

namespace tokamark::doctor {

/// The value of the last of these flags in the arguments, as "--flag value" or "--flag=value";
/// '_' and '-' inside a name are the same. Empty when there is none.
std::optional<std::string> flag_value(const std::vector<std::string>& args,
                                      const std::vector<std::string_view>& flags);

/// What an engine was told about its GPUs and its memory, by the study's settings or in its
/// own arguments.
struct LaunchShape {
  std::uint32_t tensor = 1;                     ///< tensor parallel
  std::uint32_t gpus = 1;                       ///< tensor x pipeline x data parallel
  std::uint32_t split = 1;                      ///< GPUs that share one copy of the weights
  std::optional<std::int64_t> context_tokens;   ///< longest sequence
  std::optional<std::int64_t> max_sequences;    ///< most at once
  std::optional<std::int64_t> kv_cache_tokens;  ///< that its cache must hold
  std::optional<double> memory_share;           ///< of a GPU that it may use
  std::string kv_dtype;                         ///< of keys and values; empty = the model's
  std::string quantization;                     ///< asked for at load; empty = the checkpoint's
};
LaunchShape launch_shape(const engine::EngineSpec& spec);

/// Whether the arguments or the environment tell the engine to compute on the CPU.
bool asks_for_cpu(const engine::EngineSpec& spec);
/// Whether they tell an engine that can do without to compute on a GPU.
bool asks_for_gpu(const engine::EngineSpec& spec);

/// The text in lower case.
std::string lower(std::string_view text);

/// 101.5 GiB as "101.5 GiB"; under 1 GiB in MiB.
std::string size_text(double bytes);

}  // namespace tokamark::doctor
