// libFuzzer target: any bytes as a study file, with and without an override. A study that parses
// must also survive being planned and written as JSON, and the JSON must parse to the same study.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/assert.h"
#include "study/plan.h"
#include "study/study.h"

namespace {

namespace study = tokamark::study;

/// Larger studies only make each run slower.
constexpr std::size_t kMaxBytes = 64U << 10U;

/// Every error is one line: it is printed as such.
void check_error(const tokamark::base::Error& error) {
  TOKAMARK_ASSERT(!error.message.empty());
  TOKAMARK_ASSERT(error.message.find('\n') == std::string::npos);
}

/// A folder that does not exist: whether a study parses must not depend on this machine's files.
constexpr const char* kFolder = "/nonexistent";

void check_study(const study::Study& parsed) {
  const nlohmann::json json = study::to_json(parsed);
  const std::string text = json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  const auto again = study::parse_study(text, "again.json", kFolder, {});
  if (again.has_value()) {
    TOKAMARK_ASSERT(study::to_json(again.value())
                        .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) == text);
  } else {
    check_error(again.error());
  }
  // Repeats multiply the plan without changing its shape.
  study::Study single = parsed;
  single.repeats = 1;
  const auto plan = study::make_plan(single, {});
  if (!plan.has_value()) check_error(plan.error());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > kMaxBytes) return 0;
  const std::string input(reinterpret_cast<const char*>(data), size);
  const auto parsed = study::parse_study(input, "study.yaml", kFolder, {});
  if (parsed.has_value()) {
    check_study(parsed.value());
  } else {
    check_error(parsed.error());
  }
  // The same bytes as an override: path up to the first '=', value after it.
  const std::size_t sign = input.find('=');
  if (sign != std::string::npos) {
    const std::string least =
        "{model: {name: m}, engines: [{name: a, kind: vllm}], load: {concurrency: 1},"
        " workloads: [{name: w, input_tokens: 8, output_tokens: 8}]}";
    const auto changed = study::parse_study(least, "study.yaml", kFolder,
                                            {{input.substr(0, sign), input.substr(sign + 1)}});
    if (!changed.has_value()) check_error(changed.error());
  }
  return 0;
}
