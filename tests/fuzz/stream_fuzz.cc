#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "fuzz_input.h"
#include "load/stream_reader.h"

namespace {

using tokamark::load::ChunkCounting;
using tokamark::load::ReadStamp;
using tokamark::load::StreamReader;
using tokamark::record::RequestRecord;

RequestRecord read(std::string_view text, std::size_t piece, ChunkCounting counting) {
  tokamark::protocol::StreamEventParser events;
  StreamReader reader(events);
  RequestRecord seed;
  seed.scheduled = seed.sent = std::chrono::nanoseconds(0);
  reader.begin(seed, counting);
  ReadStamp stamp;
  tokamark::fuzz::in_pieces(text, piece, [&](char* data, std::size_t size) {
    stamp.time += std::chrono::nanoseconds(1);
    reader.on_bytes(data, size, stamp);
    return reader.active();
  });
  if (reader.active()) reader.on_eof(stamp);
  return reader.take();
}

void check_consistent(const RequestRecord& record) {
  const bool good = record.status == tokamark::record::RequestStatus::succeeded;
  TOKAMARK_ASSERT(good == (record.error == tokamark::record::RequestError::none));
  TOKAMARK_ASSERT(!good || (!record.chunks.empty() && record.first_token <= record.last_token));
  TOKAMARK_ASSERT(record.first_byte <= record.ended);
  TOKAMARK_ASSERT(record.error_message.size() <= 300);
}

}  // namespace

/// A whole answer, HTTP, events and JSON, from hostile bytes: the record must stay consistent, and
/// must not depend on how the bytes are cut into reads.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  tokamark::fuzz::Input input(data, size);
  const std::size_t piece = input.byte() % 63 + 1;
  const auto counting =
      input.byte() % 2 == 0 ? ChunkCounting::one_each : ChunkCounting::continuous_usage;
  const RequestRecord cut = read(input.rest(), piece, counting);
  const RequestRecord whole = read(input.rest(), input.rest().size(), counting);
  check_consistent(cut);
  check_consistent(whole);
  TOKAMARK_ASSERT(cut.error == whole.error && cut.http_status == whole.http_status);
  TOKAMARK_ASSERT(cut.finish_reason == whole.finish_reason);
  TOKAMARK_ASSERT(cut.chunks.size() == whole.chunks.size());
  TOKAMARK_ASSERT(cut.input_tokens == whole.input_tokens);
  TOKAMARK_ASSERT(cut.output_tokens == whole.output_tokens);
  TOKAMARK_ASSERT(cut.output_tokens_source == whole.output_tokens_source);
  return 0;
}
