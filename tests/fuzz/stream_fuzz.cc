#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "load/stream_reader.h"

namespace {

using tokamark::load::ChunkCounting;
using tokamark::load::ReadStamp;
using tokamark::load::StreamReader;
using tokamark::protocol::ResponseParser;

}  // namespace

/// A whole answer, HTTP, events and JSON, from hostile bytes: the record must stay consistent.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t piece = data[0] % 63 + 1;
  const auto counting =
      data[1] % 2 == 0 ? ChunkCounting::one_each : ChunkCounting::continuous_usage;
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  tokamark::protocol::StreamEventParser events;
  StreamReader reader(events);
  tokamark::record::RequestRecord seed;
  seed.scheduled = seed.sent = std::chrono::nanoseconds(0);
  reader.begin(seed, counting);
  ReadStamp stamp;
  for (std::size_t at = 0; at < text.size() && reader.active(); at += piece) {
    const std::string_view part = text.substr(at, piece);
    std::vector<char> buffer(ResponseParser::kHeadroom + part.size());
    std::memcpy(buffer.data() + ResponseParser::kHeadroom, part.data(), part.size());
    stamp.time += std::chrono::nanoseconds(1);
    reader.on_bytes(buffer.data() + ResponseParser::kHeadroom, part.size(), stamp);
  }
  if (reader.active()) reader.on_eof(stamp);
  const auto record = reader.take();
  const bool good = record.status == tokamark::record::RequestStatus::succeeded;
  TOKAMARK_ASSERT(good == (record.error == tokamark::record::RequestError::none));
  TOKAMARK_ASSERT(!good || (!record.chunks.empty() && record.first_token <= record.last_token));
  TOKAMARK_ASSERT(record.first_byte <= record.ended);
  return 0;
}
