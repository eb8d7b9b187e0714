#include "engine/help_text.h"

#include <algorithm>
#include <cctype>

namespace tokamark::engine {

namespace {

bool in_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-'; }

std::string dashed(std::string_view text) {
  std::string out(text);
  std::replace(out.begin(), out.end(), '_', '-');
  return out;
}

}  // namespace

HelpText::HelpText(std::string_view text) {
  const std::string all = dashed(text);
  constexpr std::string_view kBoth = "[no-]";
  for (std::size_t at = all.find('-'); at != std::string::npos; at = all.find('-', at)) {
    const bool begins = at == 0 || (!in_name(all[at - 1]) && all[at - 1] != ']');
    std::size_t end = at;
    while (end < all.size() && all[end] == '-') ++end;
    const bool both = all.compare(end, kBoth.size(), kBoth) == 0;
    if (both) end += kBoth.size();
    const std::size_t name = end;
    while (end < all.size() && in_name(all[end])) ++end;
    if (begins && end > name) {
      if (both) flags_.insert("--no-" + all.substr(name, end - name));
      flags_.insert(both ? "--" + all.substr(name, end - name) : all.substr(at, end - at));
    }
    at = std::max(end, at + 1);
  }
}

bool HelpText::has(std::string_view flag) const { return flags_.count(dashed(flag)) > 0; }

}  // namespace tokamark::engine
