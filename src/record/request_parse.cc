#include <simdjson.h>

#include <span>
#include <type_traits>
#include <utility>

#include "base/text.h"
#include "record/request_lines_internal.h"

namespace tokamark::record {
namespace {

namespace ondemand = simdjson::ondemand;

/// Reads the fields of one line; the first problem stops it and is kept.
class FieldReader {
 public:
  explicit FieldReader(ondemand::object object) : object_(object) {}

  [[nodiscard]] const std::string& problem() const { return problem_; }

  template <typename Integer>
  void integer(std::string_view key, Integer& value) {
    ondemand::value field;
    if (find(key, field) && !convert(field, value)) {
      fail(key, "is not an integer in range");
    }
  }

  template <typename Integer>
  void integer_or_null(std::string_view key, Integer& value, Integer missing) {
    ondemand::value field;
    if (!find(key, field)) {
      return;
    }
    if (is_null(field)) {
      value = missing;
    } else if (!convert(field, value)) {
      fail(key, "is neither null nor an integer in range");
    }
  }

  void time(std::string_view key, base::Nanos& value) {
    ondemand::value field;
    if (!find(key, field)) {
      return;
    }
    std::int64_t nanos = -1;
    if (!is_null(field) && (!convert(field, nanos) || nanos < 0)) {
      fail(key, "is neither null nor a time of 0 or more");
    }
    value = base::Nanos(nanos);
  }

  void text_or_null(std::string_view key, std::string& value) {
    ondemand::value field;
    if (!find(key, field)) {
      return;
    }
    std::string_view found;
    if (is_null(field)) {
      value.clear();
    } else if (field.get_string().get(found) != simdjson::SUCCESS) {
      fail(key, "is neither null nor a string");
    } else {
      value = found;
    }
  }

  /// A stable word; null is the word "none".
  template <typename Value>
  void word(std::string_view key, Value& value) {
    std::string text;
    text_or_null(key, text);
    const auto found = from_word<Value>(text.empty() ? "none" : text);
    if (found) {
      value = *found;
    } else {
      fail(key, "has the unknown word '" + text + "'");
    }
  }

  /// One parallel array; `set(chunk, value)` stores its element, or says false.
  template <typename Integer, typename Set>
  void chunk_array(std::string_view key, std::vector<Chunk>& chunks, Set set) {
    ondemand::value field;
    ondemand::array array;
    if (!find(key, field)) {
      return;
    }
    if (field.get_array().get(array) != simdjson::SUCCESS) {
      fail(key, "is not an array");
      return;
    }
    std::size_t count = 0;
    for (auto element : array) {
      ondemand::value item;
      Integer value{};
      if (element.get(item) != simdjson::SUCCESS || !convert(item, value)) {
        fail(key, "holds something that is not an integer in range");
        return;
      }
      if (count == chunks.size()) {
        if (sized_) {
          fail(key, "is longer than chunk_time_ns");
          return;
        }
        chunks.emplace_back();
      }
      set(chunks[count++], value);
    }
    if (count != chunks.size()) {
      fail(key, "is shorter than chunk_time_ns");
    }
    sized_ = true;
  }

 private:
  bool find(std::string_view key, ondemand::value& field) {
    if (!problem_.empty()) {
      return false;
    }
    if (object_.find_field_unordered(key).get(field) != simdjson::SUCCESS) {
      fail(key, "is missing or the line is not JSON");
      return false;
    }
    return true;
  }

  static bool is_null(ondemand::value& field) {
    bool null = false;
    return simdjson::simdjson_result<bool>(field.is_null()).get(null) == simdjson::SUCCESS && null;
  }

  template <typename Integer>
  static bool convert(ondemand::value& field, Integer& value) {
    using Wide =
        std::conditional_t<std::is_same_v<Integer, std::uint64_t>, std::uint64_t, std::int64_t>;
    Wide wide{};
    if (field.get(wide) != simdjson::SUCCESS || !std::in_range<Integer>(wide)) {
      return false;
    }
    value = static_cast<Integer>(wide);
    return true;
  }

  void fail(std::string_view key, std::string_view what) {
    if (problem_.empty()) {
      problem_ = "'" + std::string(key) + "' " + base::one_line(what);
    }
  }

  ondemand::object object_;
  std::string problem_;
  bool sized_ = false;  ///< chunk_time_ns has set the number of chunks
};

ChunkList read_chunks(FieldReader& fields) {
  std::vector<Chunk> chunks;
  fields.chunk_array<std::int64_t>("chunk_time_ns", chunks,
                                   [](Chunk& c, std::int64_t v) { c.time = base::Nanos(v); });
  fields.chunk_array<std::uint16_t>("chunk_tokens", chunks,
                                    [](Chunk& c, std::uint16_t v) { c.tokens = v; });
  fields.chunk_array<std::int64_t>("chunk_receive_delay_ns", chunks, [](Chunk& c, std::int64_t v) {
    c.receive_delay = base::Nanos(v);
  });
  fields.chunk_array<std::uint16_t>("chunk_flags", chunks,
                                    [](Chunk& c, std::uint16_t v) { c.flags = v; });
  return ChunkList(std::span(std::as_const(chunks)));
}

/// In the order of the writer, so that each search starts where the last one ended.
void read_fields(FieldReader& fields, RequestRecord& record) {
  fields.integer("sequence", record.sequence);
  fields.integer("schedule_index", record.schedule_index);
  fields.word("phase", record.phase);
  fields.text_or_null("category", record.category);
  fields.word("status", record.status);
  fields.word("error", record.error);
  fields.text_or_null("error_message", record.error_message);
  fields.integer_or_null("http_status", record.http_status, 0);
  fields.text_or_null("finish_reason", record.finish_reason);
  fields.time("scheduled_ns", record.scheduled);
  fields.time("sent_ns", record.sent);
  fields.time("first_byte_ns", record.first_byte);
  fields.time("first_token_ns", record.first_token);
  fields.time("last_token_ns", record.last_token);
  fields.time("ended_ns", record.ended);
  fields.integer_or_null("input_tokens", record.input_tokens, std::int64_t{-1});
  fields.integer_or_null("output_tokens", record.output_tokens, std::int64_t{-1});
  fields.integer_or_null("cached_tokens", record.cached_tokens, std::int64_t{-1});
  fields.word("output_tokens_source", record.output_tokens_source);
  fields.integer("requested_output_tokens", record.requested_output_tokens);
  fields.integer("bytes_sent", record.bytes_sent);
  fields.integer("bytes_received", record.bytes_received);
  fields.integer("connections", record.connections);
  fields.integer("resends", record.resends);
  record.chunks = read_chunks(fields);
}

}  // namespace

struct LineParser::State {
  ondemand::parser parser;
  std::string padded;  ///< the line, with the spare bytes that simdjson reads past the end
};

LineParser::LineParser() : state_(std::make_unique<State>()) {}
LineParser::~LineParser() = default;

base::Result<RequestRecord> LineParser::parse(std::string_view line) {
  state_->padded.assign(line);
  state_->padded.append(simdjson::SIMDJSON_PADDING, ' ');
  const simdjson::padded_string_view view(state_->padded.data(), line.size(),
                                          state_->padded.size());
  ondemand::document document;
  ondemand::object object;
  if (state_->parser.iterate(view).get(document) != simdjson::SUCCESS ||
      document.get_object().get(object) != simdjson::SUCCESS) {
    return base::Error{base::ErrorKind::study, "not a JSON object"};
  }
  RequestRecord record;
  FieldReader fields(object);
  read_fields(fields, record);
  if (!fields.problem().empty()) {
    return base::Error{base::ErrorKind::study, fields.problem()};
  }
  return record;
}

}  // namespace tokamark::record
