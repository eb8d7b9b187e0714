#include "engine/flag_writer.h"

#include <fmt/format.h>

#include "engine/launch_line.h"

namespace tokamark::engine {

using base::Error;
using base::ErrorKind;
using Json = nlohmann::json;

std::optional<Json> FlagWriter::value(Setting setting) const { return value_of(spec_, setting); }

std::optional<std::string> FlagWriter::spelling(Setting setting,
                                                const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (known(name)) return name;
  }
  notes_.push_back(fmt::format("{} cannot be set: this version's --help does not list {}",
                               to_word(setting), fmt::join(names, " or ")));
  return std::nullopt;
}

bool FlagWriter::given_by_user(Setting setting, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (!has_flag(spec_.args, {name})) continue;
    if (spec_.settings.count(setting) > 0 && !error_) {
      error_ = Error{ErrorKind::study,
                     fmt::format("engine \"{}\": args holds {}, and settings holds {}; keep one of "
                                 "them",
                                 spec_.name, name, to_word(setting))};
    }
    return true;
  }
  return false;
}

void FlagWriter::write_value(Setting setting, const std::vector<std::string>& names,
                             const std::string& value) {
  done(setting);
  if (given_by_user(setting, names)) return;
  const auto name = spelling(setting, names);
  if (!name) return;
  words_.push_back(*name);
  words_.push_back(value);
}

void FlagWriter::write(std::span<const SettingFlag> table) {
  for (const SettingFlag& row : table) {
    const auto wanted = value(row.setting);
    if (!wanted) continue;
    if (!wanted->is_boolean()) {
      const std::string word = flag_text(*wanted);
      const auto own = row.words.find(word);
      if (own != row.words.end() && own->second.empty()) continue;  // a value it does not have
      write_value(row.setting, row.names, own == row.words.end() ? word : own->second);
      continue;
    }
    done(row.setting);
    if (given_by_user(row.setting, row.names) || given_by_user(row.setting, row.off)) continue;
    const auto& names = wanted->get<bool>() ? row.names : row.off;
    if (names.empty()) continue;
    const auto name = spelling(row.setting, names);
    if (!name) continue;
    words_.push_back(*name);
    if (wanted->get<bool>() && !row.fixed.empty()) words_.push_back(row.fixed);
  }
}

void FlagWriter::add(const std::vector<std::string>& words,
                     const std::vector<std::string_view>& equals) {
  if (!known(words.front())) {
    notes_.push_back(fmt::format("{} is left out: this version's --help does not list it",
                                 fmt::join(words, " ")));
    return;
  }
  add_unless_given(words_, spec_, words, equals);
}

void FlagWriter::settle(std::span<const FixedSetting> always) {
  for (const SettingInfo& info : all_settings()) {
    const auto wanted = value(info.setting);
    if (!wanted || done_[info.setting]) continue;
    bool holds = false;
    for (const FixedSetting& fixed : always) {
      holds = holds || (fixed.setting == info.setting && fixed.value == *wanted);
    }
    if (holds) continue;
    notes_.push_back(fmt::format("{} {} has no equivalent", info.key, flag_text(*wanted)));
  }
}

}  // namespace tokamark::engine
