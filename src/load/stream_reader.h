#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "protocol/response_parser.h"
#include "protocol/sse.h"
#include "protocol/stream_event.h"
#include "record/request_record.h"

namespace tokamark::load {

/// When bytes arrived, relative to the trial's start: the kernel's stamp where there is one, else
/// the process's; and by how much the process's is later.
struct ReadStamp {
  base::Nanos time{0};
  base::Nanos receive_delay{0};
  enum class Source { process, kernel } source = Source::process;
};

/// Who counts the tokens of a chunk.
enum class ChunkCounting {
  one_each,          ///< an event with text is one token until the final usage says otherwise
  continuous_usage,  ///< every event carries the server's running count
};

/// Turns the bytes of one streamed answer into a RequestRecord. No socket and no clock: it is fed
/// bytes with their stamps. One object serves one connection; call `begin` for every request.
/// Decides success by docs/METRICS.md, "Success". Not thread-safe.
class StreamReader final : private protocol::ResponseSink, private protocol::EventSink {
 public:
  /// `events` is shared by all readers of a thread and must outlive them.
  explicit StreamReader(protocol::StreamEventParser& events) : events_(&events) {}

  /// Starts a request whose schedule and send stamps are already in `record`.
  void begin(record::RequestRecord record, ChunkCounting counting);

  /// `size` bytes at `data` arrived; ResponseParser::kHeadroom bytes before must be writable.
  void on_bytes(char* data, std::size_t size, const ReadStamp& stamp);
  /// The peer closed the connection.
  void on_eof(const ReadStamp& stamp);
  /// The connection broke, as `reason` says. That fails the request, unless the stream has already
  /// said that it is finished.
  void on_broken(std::string_view reason, const ReadStamp& stamp);
  /// Ends the request for a reason outside the bytes: a timeout, the end of the trial.
  void give_up(record::RequestStatus status, record::RequestError error, std::string_view message,
               base::Nanos at);

  [[nodiscard]] bool active() const { return active_; }
  [[nodiscard]] bool has_bytes() const { return record_.bytes_received > 0; }
  [[nodiscard]] bool keep_alive() const { return keep_alive_; }
  [[nodiscard]] const record::RequestRecord& record() const { return record_; }
  record::RequestRecord& mutable_record() { return record_; }
  /// Tokens and chunks seen so far, for the live view.
  [[nodiscard]] std::uint64_t tokens_seen() const { return tokens_seen_; }

  /// The finished record; only when not `active`.
  record::RequestRecord take();

  /// Asks for the memory that the next `on_bytes` needs beside this object's own.
  void prefetch_targets() const;

 private:
  void on_head(int status) override;
  void on_body(std::string_view bytes) override;
  void on_event(std::string_view data) override;
  void add_chunk(std::int64_t tokens);
  [[nodiscard]] bool finished() const;  ///< the stream has said so
  void end_of_response();
  void settle_token_counts();
  void fail(record::RequestError error, std::string_view message);
  void finish(base::Nanos at);

  protocol::StreamEventParser* events_;
  ReadStamp stamp_;
  std::int64_t usage_tokens_ = -1;  ///< newest completion_tokens seen
  std::int64_t highest_count_ = 0;  ///< largest completion_tokens seen
  std::uint64_t tokens_seen_ = 0;
  ChunkCounting counting_ = ChunkCounting::one_each;
  bool active_ = false;
  bool keep_alive_ = false;
  bool done_seen_ = false;
  bool chunk_in_read_ = false;  ///< these bytes have already brought a chunk
  /// What a 2xx answer turned out to be.
  enum class Body { unseen, events, one_json } body_ = Body::unseen;
  std::string body_text_;  ///< of an answer that is no event stream: an error's, or one JSON text
  protocol::ResponseParser http_;
  protocol::SseParser sse_;
  record::RequestRecord record_;
};

}  // namespace tokamark::load
