// libFuzzer target: any bytes as the lines of a request file. Records that are read must be
// written as the same text twice, whatever text they were read from.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz_input.h"
#include "record/request_file.h"

namespace {

namespace record = tokamark::record;
using Records = std::vector<record::RequestRecord>;

/// Members, not text: a field that the writer forgets must not go unseen.
void check_same(const record::RequestRecord& a, const record::RequestRecord& b) {
  TOKAMARK_ASSERT(a.sequence == b.sequence && a.schedule_index == b.schedule_index);
  TOKAMARK_ASSERT(a.phase == b.phase && a.status == b.status && a.error == b.error);
  TOKAMARK_ASSERT(a.category == b.category && a.error_message == b.error_message);
  TOKAMARK_ASSERT(a.http_status == b.http_status && a.finish_reason == b.finish_reason);
  TOKAMARK_ASSERT(a.scheduled == b.scheduled && a.sent == b.sent && a.ended == b.ended);
  TOKAMARK_ASSERT(a.first_byte == b.first_byte && a.first_token == b.first_token);
  TOKAMARK_ASSERT(a.last_token == b.last_token && a.input_tokens == b.input_tokens);
  TOKAMARK_ASSERT(a.output_tokens == b.output_tokens && a.cached_tokens == b.cached_tokens);
  TOKAMARK_ASSERT(a.output_tokens_source == b.output_tokens_source);
  TOKAMARK_ASSERT(a.requested_output_tokens == b.requested_output_tokens);
  TOKAMARK_ASSERT(a.bytes_sent == b.bytes_sent && a.bytes_received == b.bytes_received);
  TOKAMARK_ASSERT(a.connections == b.connections && a.resends == b.resends);
  TOKAMARK_ASSERT(a.chunks.size() == b.chunks.size());
  auto other = b.chunks.begin();
  for (const record::Chunk& chunk : a.chunks) {
    TOKAMARK_ASSERT(chunk.time == other->time && chunk.receive_delay == other->receive_delay);
    TOKAMARK_ASSERT(chunk.tokens == other->tokens && chunk.flags == other->flags);
    ++other;
  }
}

void check_records(const Records& records) {
  const std::string text = record::to_json_lines(records);
  const auto again = record::from_json_lines(text);
  TOKAMARK_ASSERT(again.has_value() && again.value().size() == records.size());
  for (std::size_t i = 0; i < records.size(); ++i) check_same(records[i], again.value()[i]);
  TOKAMARK_ASSERT(record::to_json_lines(again.value()) == text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = tokamark::fuzz::Input(data, size).rest();
  const auto records = record::from_json_lines(text);
  if (records.has_value()) {
    check_records(records.value());
  } else {
    tokamark::fuzz::check_error(records.error());
  }
  return 0;
}
