#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "engine/help_text.h"
#include "engine/spec.h"

namespace tokamark::engine {

/// How one engine says one setting. Spellings come newest first; the first that its --help lists
/// is used.
struct SettingFlag {
  Setting setting;
  /// "--flag VALUE"; of a flag that is on: "--flag" alone, or "--flag WORD" with `fixed`.
  std::vector<std::string> names;
  std::vector<std::string> off{};  ///< of a flag that is off: alone; empty = nothing needs saying
  std::string fixed{};             ///< what `names` takes when a flag is on
  std::map<std::string, std::string> words{};  ///< the engine's word for one of ours
};

/// What an engine does whatever it is told.
struct FixedSetting {
  Setting setting;
  nlohmann::json value;
};

/// Writes the flags of one launch line. Not thread-safe.
class FlagWriter {
 public:
  /// `help` may be null: then flags are taken as known, as in a dry run. Both outlive the writer.
  FlagWriter(const EngineSpec& spec, const HelpText* help) : spec_(spec), help_(help) {}

  /// The value of a setting: the study's, else what neutral conditions ask for.
  [[nodiscard]] std::optional<nlohmann::json> value(Setting setting) const;

  /// A setting by the engine's table; kept for `settle` when the table does not hold it.
  void write(std::span<const SettingFlag> table);
  /// Says that the adapter has written this setting in its own way, or that it cannot be.
  void done(Setting setting) { done_[setting] = true; }
  /// A flag with its value, in the first spelling that is known; for what a table cannot say.
  void write_value(Setting setting, const std::vector<std::string>& names,
                   const std::string& value);

  /// Words that the adapter adds by itself, unless the user's arguments hold them or one of
  /// `equals`. Left out with a note when the engine's help does not list words[0].
  void add(const std::vector<std::string>& words, const std::vector<std::string_view>& equals = {});

  /// Settings that nothing wrote get a note, except those that always hold, with that value.
  void settle(std::span<const FixedSetting> always);

  [[nodiscard]] const std::vector<std::string>& words() const { return words_; }
  /// "kv_cache_dtype fp8 has no equivalent", "this version's --help has no --x".
  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }
  /// A setting that the study gives and whose flag is in `args` too: kind `study`.
  [[nodiscard]] const std::optional<base::Error>& error() const { return error_; }

 private:
  [[nodiscard]] bool known(std::string_view flag) const {
    return help_ == nullptr || help_->has(flag);
  }
  /// The first spelling that is known; none is a note.
  std::optional<std::string> spelling(Setting setting, const std::vector<std::string>& names);
  /// Whether the user's arguments say it already.
  bool given_by_user(Setting setting, const std::vector<std::string>& names);

  const EngineSpec& spec_;
  const HelpText* help_;
  std::vector<std::string> words_, notes_;
  std::map<Setting, bool> done_;
  std::optional<base::Error> error_;
};

}  // namespace tokamark::engine
