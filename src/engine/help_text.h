#pragma once

#include <set>
#include <string>
#include <string_view>

namespace tokamark::engine {

/// The flags that an engine's own --help lists. Flags are renamed between versions, so an adapter
/// asks before it launches.
class HelpText {
 public:
  /// Takes every word that begins like a flag: "--max-model-len", "-c", "--[no-]enable-x" as both.
  explicit HelpText(std::string_view text);

  /// '_' and '-' inside a name are the same.
  [[nodiscard]] bool has(std::string_view flag) const;
  [[nodiscard]] std::size_t size() const { return flags_.size(); }

 private:
  std::set<std::string> flags_;
};

}  // namespace tokamark::engine
