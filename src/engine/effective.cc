#include "engine/effective.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace tokamark::engine {

namespace {

using Json = nlohmann::json;

std::string dashed(std::string text) {
  std::replace(text.begin(), text.end(), '_', '-');
  return text;
}

/// The last occurrence counts, as with every option parser. Null when it is not there; true when
/// it stands alone.
Json last_value(const std::vector<std::string>& argv, const std::vector<std::string>& names,
                bool takes_value) {
  Json found;
  for (std::size_t i = 0; i < argv.size(); ++i) {
    const std::size_t equals = argv[i].find('=');
    const std::string word = dashed(argv[i].substr(0, equals));
    for (const std::string& name : names) {
      if (word != dashed(name)) continue;
      if (!takes_value) {
        found = true;
      } else if (equals != std::string::npos) {
        found = argv[i].substr(equals + 1);
      } else if (i + 1 < argv.size()) {
        found = argv[i + 1];
      }
    }
  }
  return found;
}

/// A text as the type that the setting has.
Json typed(const std::string& text, SettingType type) {
  if (type == SettingType::flag) return text == "True" || text == "true" || text == "1";
  if (type == SettingType::word) return type_word(text);
  std::string digits = text;
  digits.erase(std::remove(digits.begin(), digits.end(), ','), digits.end());
  const char* const end = digits.data() + digits.size();
  if (type == SettingType::whole) {
    std::int64_t whole = 0;
    const auto read = std::from_chars(digits.data(), end, whole);
    if (read.ec == std::errc() && read.ptr == end) return whole;
    return nullptr;
  }
  double share = 0.0;
  const auto read = std::from_chars(digits.data(), end, share);
  return read.ec == std::errc() && read.ptr == end ? Json(share) : Json(nullptr);
}

SettingType type_of(std::string_view name) {
  const auto setting = setting_of(name);
  return setting ? info_of(*setting).type : SettingType::word;
}

}  // namespace

Json to_json(const EffectiveSettings& settings) {
  Json object = Json::object();
  for (const auto& [name, setting] : settings) {
    object[name] = {{"value", setting.value}, {"source", setting.source}};
  }
  return object;
}

std::string type_word(std::string word) {
  constexpr std::string_view kTorch = "torch.";
  if (word.compare(0, kTorch.size(), kTorch) == 0) word.erase(0, kTorch.size());
  static const std::map<std::string, std::string> kWords{
      {"bfloat16", "bf16"}, {"float16", "f16"}, {"half", "f16"},       {"float32", "f32"},
      {"fp16", "f16"},      {"fp32", "f32"},    {"fp8_e4m3", "fp8"},   {"BF16", "bf16"},
      {"F16", "f16"},       {"F32", "f32"},     {"fp8_e4m3fn", "fp8"}, {"auto", "auto"}};
  const auto found = kWords.find(word);
  return found == kWords.end() ? word : found->second;
}

void read_flags(std::span<const SettingFlag> table, const std::vector<std::string>& argv,
                EffectiveSettings& settings) {
  for (const SettingFlag& row : table) {
    const SettingType type = info_of(row.setting).type;
    const bool alone = type == SettingType::flag && row.fixed.empty();
    const Json on = last_value(argv, row.names, !alone);
    const Json off = last_value(argv, row.off, false);
    Json value;
    if (type != SettingType::flag) {
      if (on.is_string()) value = typed(on.get<std::string>(), type);
    } else if (!off.is_null()) {
      value = false;
    } else if (!on.is_null() || !row.fixed.empty()) {
      value = row.fixed.empty() || on == row.fixed;  // a word that is not given is another one
    }
    if (!value.is_null()) settings[to_word(row.setting)] = {value, "flag"};
  }
}

void read_always(std::span<const FixedSetting> always, EffectiveSettings& settings) {
  for (const FixedSetting& fixed : always) {
    settings.try_emplace(to_word(fixed.setting), EffectiveSetting{fixed.value, "always"});
  }
}

void read_defaults(std::span<const FixedSetting> defaults, EffectiveSettings& settings) {
  for (const FixedSetting& fixed : defaults) {
    settings.try_emplace(to_word(fixed.setting), EffectiveSetting{fixed.value, "default"});
  }
}

void read_text(std::string_view text, std::span<const TextPlace> places, const char* source,
               EffectiveSettings& settings) {
  for (const TextPlace& place : places) {
    const std::size_t at = text.find(place.before);
    if (at == std::string_view::npos) continue;
    const std::size_t start = at + std::string_view(place.before).size();
    const std::size_t end = text.find_first_of(place.ends, start);
    std::string word(text.substr(start, end == std::string_view::npos ? end : end - start));
    if (word.empty() || word == "None" || word == "null") continue;
    if (word.size() > 1 && word.front() == '\'' && word.back() == '\'') {
      word = word.substr(1, word.size() - 2);
    }
    const Json value = typed(word, type_of(place.name));
    if (!value.is_null()) settings[place.name] = {value, source};
  }
}

}  // namespace tokamark::engine
