#include <fmt/format.h>

#include "record/json_text.h"
#include "record/request_lines_internal.h"

namespace tokamark::record {
namespace {

/// Writes `"key":value` pairs of one line. By hand, because a million lines of thirty chunks must
/// take seconds and a tree of JSON values would take minutes.
class LineWriter {
 public:
  explicit LineWriter(std::string& out) : out_(out) {}

  template <typename Integer>
  void integer(std::string_view key, Integer value) {
    begin(key);
    append(value);
  }

  /// Null when the value is `missing`.
  template <typename Integer>
  void integer_or_null(std::string_view key, Integer value, Integer missing) {
    begin(key);
    if (value == missing) {
      out_ += "null";
    } else {
      append(value);
    }
  }

  /// Null for a negative time, which stands for "did not happen".
  void time(std::string_view key, base::Nanos value) {
    begin(key);
    if (value.count() < 0) {
      out_ += "null";
    } else {
      append(value.count());
    }
  }

  void text(std::string_view key, std::string_view value) {
    begin(key);
    append_json_string(out_, value);
  }

  void text_or_null(std::string_view key, std::string_view value) {
    begin(key);
    if (value.empty()) {
      out_ += "null";
    } else {
      append_json_string(out_, value);
    }
  }

  /// One array with `part(chunk)` of every chunk.
  template <typename Part>
  void chunk_array(std::string_view key, const ChunkList& chunks, Part part) {
    begin(key);
    char before = '[';
    for (const Chunk& chunk : chunks) {
      out_ += before;
      append(part(chunk));
      before = ',';
    }
    if (chunks.empty()) out_ += '[';
    out_ += ']';
  }

 private:
  void begin(std::string_view key) {
    out_ += first_ ? "{\"" : ",\"";
    first_ = false;
    out_ += key;
    out_ += "\":";
  }

  template <typename Integer>
  void append(Integer value) {
    const fmt::format_int digits(value);
    out_.append(digits.data(), digits.size());
  }

  std::string& out_;
  bool first_ = true;
};

}  // namespace

void append_line(std::string& out, const RequestRecord& record) {
  LineWriter line(out);
  line.integer("sequence", record.sequence);
  line.integer("schedule_index", record.schedule_index);
  line.text("phase", to_word(record.phase));
  line.text("category", record.category);
  line.text("status", to_word(record.status));
  line.text_or_null("error", record.error == RequestError::none ? "" : to_word(record.error));
  line.text_or_null("error_message", record.error_message);
  line.integer_or_null("http_status", record.http_status, 0);
  line.text_or_null("finish_reason", record.finish_reason);
  line.time("scheduled_ns", record.scheduled);
  line.time("sent_ns", record.sent);
  line.time("first_byte_ns", record.first_byte);
  line.time("first_token_ns", record.first_token);
  line.time("last_token_ns", record.last_token);
  line.time("ended_ns", record.ended);
  line.integer_or_null("input_tokens", record.input_tokens, std::int64_t{-1});
  line.integer_or_null("output_tokens", record.output_tokens, std::int64_t{-1});
  line.integer_or_null("cached_tokens", record.cached_tokens, std::int64_t{-1});
  line.text("output_tokens_source", to_word(record.output_tokens_source));
  line.integer("requested_output_tokens", record.requested_output_tokens);
  line.integer("bytes_sent", record.bytes_sent);
  line.integer("bytes_received", record.bytes_received);
  line.integer("connections", record.connections);
  line.integer("resends", record.resends);
  line.chunk_array("chunk_time_ns", record.chunks, [](const Chunk& c) { return c.time.count(); });
  line.chunk_array("chunk_tokens", record.chunks, [](const Chunk& c) { return c.tokens; });
  line.chunk_array("chunk_receive_delay_ns", record.chunks,
                   [](const Chunk& c) { return c.receive_delay.count(); });
  line.chunk_array("chunk_flags", record.chunks, [](const Chunk& c) { return c.flags; });
  out += "}\n";
}

}  // namespace tokamark::record
