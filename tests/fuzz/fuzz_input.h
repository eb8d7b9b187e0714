#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "base/error.h"
#include "protocol/response_parser.h"

namespace tokamark::fuzz {

/// Takes a fuzz target's bytes apart from the front. What is no longer there reads as 0 or "".
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size)
      : rest_(size == 0 ? std::string_view()
                        : std::string_view(reinterpret_cast<const char*>(data), size)) {}

  unsigned byte() {
    if (rest_.empty()) return 0;
    const auto value = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }
  std::string_view take(std::size_t size) {
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(taken.size());
    return taken;
  }
  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

/// An error is printed as one line.
inline void check_error(const base::Error& error) {
  TOKAMARK_ASSERT(!error.message.empty());
  TOKAMARK_ASSERT(error.message.find('\n') == std::string::npos);
}

/// Calls `use(data, size)` with pieces of the text until it is at its end or `use` says false.
/// Every piece has a buffer of its own, with the headroom that a response parser may write to, so
/// that reads outside it are seen.
template <typename Use>
void in_pieces(std::string_view text, std::size_t piece, Use use) {
  constexpr std::size_t kHeadroom = protocol::ResponseParser::kHeadroom;
  piece = std::max<std::size_t>(piece, 1);
  for (std::size_t at = 0; at < text.size(); at += piece) {
    const std::string_view part = text.substr(at, piece);
    std::vector<char> buffer(kHeadroom + part.size());
    std::memcpy(buffer.data() + kHeadroom, part.data(), part.size());
    if (!use(buffer.data() + kHeadroom, part.size())) return;
  }
}

}  // namespace tokamark::fuzz
