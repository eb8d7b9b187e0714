#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/engine.h"
#include "engine/flag_writer.h"

namespace tokamark::engine {

/// A setting as it is in force, and how that is known.
struct EffectiveSetting {
  nlohmann::json value;
  /// "server": its API says so; "log": its log; "file": what was loaded; "flag": it was started so;
  /// "default": nobody said otherwise; "always": it knows nothing else.
  std::string source;
};

/// By name: those of `Setting`, and "quantization", "weights", "tokenizer".
using EffectiveSettings = std::map<std::string, EffectiveSetting>;

/// {"context_tokens": {"value": 8192, "source": "log"}, ...}.
nlohmann::json to_json(const EffectiveSettings& settings);

/// Our word for an engine's word of a type: "torch.bfloat16" and "bfloat16" are "bf16".
std::string type_word(std::string word);

/// What the launch line says, read back with the table that wrote it.
void read_flags(std::span<const SettingFlag> table, const std::vector<std::string>& argv,
                EffectiveSettings& settings);

/// What an engine does whatever it is told; goes under what is known otherwise.
void read_always(std::span<const FixedSetting> always, EffectiveSettings& settings);

/// What holds where nobody said otherwise, in every version that is supported.
void read_defaults(std::span<const FixedSetting> defaults, EffectiveSettings& settings);

/// How a text states a setting: the value stands behind `before` and ends at one of `ends`.
/// "True", "true", "1" are true; a number may hold commas; None is left out.
struct TextPlace {
  const char* name;
  const char* before;
  const char* ends = ", \n";
};
void read_text(std::string_view text, std::span<const TextPlace> places, const char* source,
               EffectiveSettings& settings);

}  // namespace tokamark::engine
