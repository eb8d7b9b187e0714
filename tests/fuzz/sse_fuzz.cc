#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "protocol/sse.h"

namespace {

using tokamark::protocol::EventSink;
using tokamark::protocol::SseParser;

class Collected final : public EventSink {
 public:
  void on_event(std::string_view data) override { events.emplace_back(data); }
  std::vector<std::string> events;
};

}  // namespace

/// The first byte says how the rest is cut; the events must not depend on it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::size_t piece = data[0] % 17 + 1;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  Collected whole, cut;
  SseParser one, other;
  one.feed(text, whole);
  for (std::size_t at = 0; at < text.size(); at += piece) other.feed(text.substr(at, piece), cut);
  TOKAMARK_ASSERT(whole.events == cut.events);
  // Nothing of the first text is left after a reset.
  other.reset();
  Collected again;
  other.feed(text, again);
  TOKAMARK_ASSERT(again.events == whole.events);
  return 0;
}
