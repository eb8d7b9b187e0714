#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "protocol/response_parser.h"

namespace {

using tokamark::protocol::ResponseParser;
using tokamark::protocol::ResponseSink;

class Collected final : public ResponseSink {
 public:
  void on_head(int code) override { status = code; }
  void on_body(std::string_view bytes) override { body.append(bytes); }
  int status = 0;
  std::string body;
};

struct Outcome {
  ResponseParser::State state;
  Collected seen;
};

Outcome feed(std::string_view text, std::size_t piece) {
  ResponseParser parser;
  Collected sink;
  for (std::size_t at = 0; at < text.size(); at += piece) {
    const std::string_view part = text.substr(at, piece);
    // A buffer of its own for every piece, so that reads outside it are seen.
    std::vector<char> buffer(ResponseParser::kHeadroom + part.size());
    std::memcpy(buffer.data() + ResponseParser::kHeadroom, part.data(), part.size());
    parser.feed(buffer.data() + ResponseParser::kHeadroom, part.size(), sink);
  }
  parser.feed_eof(sink);
  return {parser.state(), std::move(sink)};
}

}  // namespace

/// The first byte says how the rest is cut. A response that is whole in one way of cutting must be
/// whole, with the same body, in the other; one that is broken must be broken.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::size_t piece = data[0] % 17 + 1;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Outcome whole = feed(text, std::max<std::size_t>(text.size(), 1));
  const Outcome cut = feed(text, piece);
  TOKAMARK_ASSERT(cut.state == whole.state);
  if (whole.state == ResponseParser::State::done) {
    TOKAMARK_ASSERT(cut.seen.status == whole.seen.status);
    TOKAMARK_ASSERT(cut.seen.body == whole.seen.body);
  }
  return 0;
}
