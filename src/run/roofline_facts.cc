#include "run/roofline_facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "doctor/launch_shape.h"
#include "doctor/model_facts.h"
#include "engine/launch_line.h"
#include "roofline/checkpoint.h"
#include "roofline/gpu_peaks.h"
#include "sim/profile.h"

namespace tokamark::run {

namespace {

using nlohmann::json;

json because(std::string reason) { return {{"reason", std::move(reason)}}; }

/// The value of a setting in force; null when the engine does not tell it.
json setting(const json& settings, const char* name) {
  const auto at = settings.is_object() ? settings.find(name) : settings.end();
  if (!settings.is_object() || at == settings.end() || !at->is_object()) return nullptr;
  return at->value("value", json());
}

/// A type of the KV cache, and the bytes of one number in it.
struct CacheType {
  std::string name;
  double bytes = 0;
};

/// Empty for a word that is not known. A quantised checkpoint may bring a narrow cache of its own;
/// where the engine does not say, the bound takes the narrowest.
std::optional<CacheType> cache_type(const json& told, bool quantised) {
  const std::string word = told.is_string() ? told.get<std::string>() : "auto";
  if (word == "auto" && quantised) return CacheType{"fp8, the least: not told", 1.0};
  if (word == "auto") return CacheType{"16 bits, as the weights", 2.0};
  if (word == "bf16" || word == "f16") return CacheType{word, 2.0};
  if (word.rfind("fp8", 0) == 0 || word == "int8") return CacheType{word, 1.0};
  return word == "f32" ? std::optional(CacheType{word, 4.0}) : std::nullopt;
}

json simulated_facts(const engine::EngineSpec& spec) {
  const auto profile = sim::find_profile(spec.profile);
  if (profile.has_error()) return because(profile.error().message);
  const bool faster = std::any_of(spec.args.begin(), spec.args.end(), [](const std::string& word) {
    return word == "--speed" || word.rfind("--speed=", 0) == 0;
  });
  if (faster) return because("the simulated engine was told another --speed than its profile's");
  json model = roofline::to_json(profile.value().model);
  model["source"] = "simulated profile " + profile.value().name;
  json gpu = roofline::to_json(profile.value().gpu);
  gpu["source"] = model["source"];
  gpu["count"] = 1;
  return {{"model_facts", std::move(model)}, {"gpu_facts", std::move(gpu)}};
}

base::Result<roofline::Checkpoint> checkpoint_of(const RooflineQuestion& question) {
  const auto files = doctor::find_model(question.spec, question.model);
  std::error_code failed;
  if (files.held.empty()) {
    return base::Error{base::ErrorKind::engine, "the weights are not on this machine"};
  }
  if (!std::filesystem::is_directory(files.held, failed)) {
    return base::Error{
        base::ErrorKind::engine,
        "the shape of the model is not read from a file like " + files.held.filename().string()};
  }
  return roofline::read_checkpoint(files.held);
}

json facts_of_model(const RooflineQuestion& question, const roofline::Checkpoint& read) {
  const json quantised = setting(question.settings, "quantization");
  if (!read.quantised && !quantised.is_null()) {
    return because("the engine quantises the weights as it loads them: " + quantised.dump());
  }
  if (setting(question.settings, "dtype") == "f32") {
    return because("the engine widens the weights to 32 bits as it loads them");
  }
  const json told = setting(question.settings, "kv_cache_dtype");
  const auto cache = cache_type(told, read.quantised);
  if (!cache) return because("bytes of a KV cache of type " + told.dump() + " are not known here");
  roofline::ModelFacts facts = read.facts;
  facts.kv_bytes_per_token = read.kv_elements_per_token * cache->bytes;
  json model = roofline::to_json(facts);
  model["source"] = "config.json and the headers of the safetensors files";
  model["multiplied"] = read.multiplied;
  model["kv_cache_type"] = cache->name;
  model["weight_bytes"] = read.weight_bytes;
  model["attention_window_tokens"] = read.window ? json(*read.window) : json();
  return model;
}

/// How many of the machine's GPUs the engine uses: the tensor parallelism in force, and what its
/// arguments multiply that by.
base::Result<double> gpus_of(const RooflineQuestion& question) {
  const auto refuse = [](std::string message) {
    return base::Error{base::ErrorKind::engine, std::move(message)};
  };
  const auto most = static_cast<double>(question.gpus.size());
  if (most < 2.0) return most;
  const auto& args = question.spec.args;
  const json told = setting(question.settings, "tensor_parallel");
  if (!told.is_number()) return refuse("how many of the GPUs the engine uses is not told");
  if (engine::has_flag(args, {"--config", "--extra-llm-api-options"})) {
    return refuse("how many of the GPUs the engine uses may stand in the file of its --config");
  }
  if (engine::has_flag(args, {"--prefill-context-parallel-size", "-pcp"})) {
    return refuse("how many GPUs its context parallelism adds is not known here");
  }
  const auto shape = doctor::launch_shape(question.spec);
  const double copies = static_cast<double>(shape.gpus) / static_cast<double>(shape.tensor);
  const double count = std::max(told.get<double>(), 1.0) * copies;
  if (count > most) {
    return refuse(
        fmt::format("the engine was told to use {} GPUs, this machine has {}", count, most));
  }
  return count;
}

json facts_of_gpu(const RooflineQuestion& question, const roofline::Checkpoint& read) {
  const auto& names = question.gpus;
  if (names.empty()) return because("there is no GPU");
  if (doctor::asks_for_cpu(question.spec))
    return because("the engine was told to compute on the CPU");
  const std::string& name = names.front();
  if (std::any_of(names.begin(), names.end(), [&](const auto& other) { return other != name; })) {
    return because("the GPUs of this machine are not all the same");
  }
  const auto peaks = roofline::find_gpu(name);
  if (!peaks) return because("the published peaks of \"" + name + "\" are not known here");
  const auto counted = gpus_of(question);
  if (counted.has_error()) return because(counted.error().message);
  const double count = counted.value();
  const roofline::Ceilings all{count * peaks->memory_bytes_per_s,
                               count * roofline::flops_per_s(*peaks, read.multiplied)};
  json gpu = roofline::to_json(all);
  gpu["name"] = name;
  gpu["count"] = count;
  gpu["source"] = peaks->source;
  return gpu;
}

}  // namespace

json roofline_facts(const RooflineQuestion& question) {
  if (question.spec.kind == "simulated") {
    json facts = simulated_facts(question.spec);
    if (!facts.contains("reason")) return facts;
    return {{"model_facts", facts}, {"gpu_facts", facts}};
  }
  if (question.spec.kind == "openai") {
    const json reason = because("the server was started by somebody else");
    return {{"model_facts", reason}, {"gpu_facts", reason}};
  }
  const auto read = checkpoint_of(question);
  if (read.has_error()) {
    const json reason = because(read.error().message);
    return {{"model_facts", reason}, {"gpu_facts", reason}};
  }
  return {{"model_facts", facts_of_model(question, read.value())},
          {"gpu_facts", facts_of_gpu(question, read.value())}};
}

}  // namespace tokamark::run
