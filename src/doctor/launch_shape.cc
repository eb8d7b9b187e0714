#include "doctor/launch_shape.h"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdlib>

#include "engine/launch_line.h"

namespace tokamark::doctor {

namespace {

using Flags = std::vector<std::string_view>;

/// What the study asks of the engine, else what its arguments say.
std::optional<std::string> text_of(const engine::EngineSpec& spec, engine::Setting setting,
                                   const Flags& flags) {
  if (const auto value = engine::value_of(spec, setting)) return engine::flag_text(*value);
  return flag_value(spec.args, flags);
}

std::optional<std::int64_t> whole(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  std::int64_t value = 0;
  const auto parsed = std::from_chars(text->data(), text->data() + text->size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != text->data() + text->size()) return std::nullopt;
  return value;
}

std::optional<std::int64_t> whole_of(const std::vector<std::string>& args, const Flags& flags) {
  return whole(flag_value(args, flags));
}

std::optional<std::int64_t> whole_of(const engine::EngineSpec& spec, engine::Setting setting,
                                     const Flags& flags) {
  return whole(text_of(spec, setting, flags));
}

std::uint32_t degree_of(const std::optional<std::int64_t>& value) {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(value.value_or(1), 1, 1024));
}

std::optional<double> share_of(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  const double share = std::strtod(text->c_str(), nullptr);
  if (!(share > 0.0 && share <= 1.0)) return std::nullopt;
  return share;
}

/// Whether an image's name or tag has this word between its '/', ':', '-', '_' and '.'.
bool has_word(const std::string& image, std::string_view wanted) {
  std::string word;
  for (const char c : lower(image) + "/") {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
      word += c;
    } else {
      if (word == wanted) return true;
      word.clear();
    }
  }
  return false;
}

/// "llama-cpp": how many layers, a number or a word.
bool offloads_layers(const std::vector<std::string>& args) {
  const auto layers = flag_value(args, {"-ngl", "--gpu-layers", "--n-gpu-layers"});
  return layers && *layers != "0";
}

}  // namespace

std::optional<std::string> flag_value(const std::vector<std::string>& args,
                                      const std::vector<std::string_view>& flags) {
  std::optional<std::string> value;
  for (std::size_t i = 0; i < args.size(); ++i) {
    if (!engine::has_flag({args[i]}, flags)) continue;
    const std::size_t equals = args[i].find('=');
    if (equals != std::string::npos) {
      value = args[i].substr(equals + 1);
    } else if (i + 1 < args.size()) {
      value = args[i + 1];
    }
  }
  return value;
}

LaunchShape launch_shape(const engine::EngineSpec& spec) {
  using engine::Setting;
  const auto& args = spec.args;
  LaunchShape shape;
  shape.tensor = degree_of(whole_of(spec, Setting::tensor_parallel,
                                    {"--tensor-parallel-size", "-tp", "--tp", "--tp-size"}));
  const std::uint32_t pipeline =
      degree_of(whole_of(args, {"--pipeline-parallel-size", "-pp", "--pp", "--pp-size"}));
  // SGLang's data parallel attention divides the GPUs of the tensor parallelism.
  const bool shared = engine::has_flag(args, {"--enable-dp-attention"});
  const std::uint32_t data =
      shared ? 1 : degree_of(whole_of(args, {"--data-parallel-size", "-dp", "--dp", "--dp-size"}));
  shape.split = shape.tensor * pipeline;
  shape.gpus = shape.split * data;
  shape.context_tokens =
      whole_of(spec, Setting::context_tokens,
               {"--max-model-len", "--context-length", "--max-seq-len", "-c", "--ctx-size"});
  shape.max_sequences =
      whole_of(spec, Setting::max_sequences,
               {"--max-num-seqs", "--max-running-requests", "--max-batch-size", "-np"});
  shape.kv_cache_tokens = whole_of(spec, Setting::kv_cache_tokens, {"--max-total-tokens"});
  shape.memory_share =
      share_of(text_of(spec, Setting::gpu_memory_share,
                       {"--gpu-memory-utilization", "--mem-fraction-static",
                        "--kv-cache-free-gpu-memory-fraction", "--free-gpu-memory-fraction"}));
  shape.kv_dtype = lower(text_of(spec, Setting::kv_cache_dtype, {"--kv-cache-dtype"}).value_or(""));
  if (shape.kv_dtype == "auto") shape.kv_dtype.clear();
  shape.quantization = lower(flag_value(args, {"--quantization", "-q"}).value_or(""));
  return shape;
}

bool asks_for_cpu(const engine::EngineSpec& spec) {
  const auto device = lower(flag_value(spec.args, {"--device", "-dev"}).value_or(""));
  if (device == "cpu" || device == "none") return true;
  if (has_word(spec.image, "cpu") || has_word(spec.image, "xeon")) return true;
  return std::any_of(spec.env.begin(), spec.env.end(), [](const auto& variable) {
    return variable.first.rfind("VLLM_CPU_", 0) == 0 || variable.first == "SGLANG_USE_CPU_ENGINE";
  });
}

bool asks_for_gpu(const engine::EngineSpec& spec) {
  if (spec.kind == "llama-cpp") return offloads_layers(spec.args);
  return lower(flag_value(spec.args, {"--device"}).value_or("")).rfind("cuda", 0) == 0;
}

std::string lower(std::string_view text) {
  std::string small(text);
  std::transform(small.begin(), small.end(), small.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return small;
}

std::string size_text(double bytes) {
  constexpr double kGiB = 1024.0 * 1024.0 * 1024.0;
  if (bytes < kGiB) return fmt::format("{:.1f} MiB", bytes / (1024.0 * 1024.0));
  return fmt::format("{:.1f} GiB", bytes / kGiB);
}

}  // namespace tokamark::doctor
