#include "load/stream_reader.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace tokamark::load {

namespace {

using record::RequestError;
using record::RequestStatus;

constexpr std::size_t kErrorBodyLimit = 4096;
constexpr std::size_t kMessageLimit = 300;

constexpr std::string_view kBlanks = " \t\r\n";

}  // namespace

void StreamReader::begin(record::RequestRecord record, ChunkCounting counting) {
  TOKAMARK_ASSERT(!active_);
  record_ = std::move(record);
  record_.chunks.reserve(record_.requested_output_tokens + 4);
  counting_ = counting;
  http_.reset();
  sse_.reset();
  usage_tokens_ = -1;
  highest_count_ = 0;
  tokens_seen_ = 0;
  keep_alive_ = false;
  done_seen_ = false;
  body_ = Body::unseen;
  body_text_.clear();
  active_ = true;
}

void StreamReader::on_bytes(char* data, std::size_t size, const ReadStamp& stamp) {
  TOKAMARK_ASSERT(active_);
  stamp_ = stamp;
  if (record_.bytes_received == 0) record_.first_byte = stamp.time;
  record_.bytes_received += size;
  chunk_in_read_ = false;
  http_.feed(data, size, *this);
  if (http_.state() == protocol::ResponseParser::State::done ||
      http_.state() == protocol::ResponseParser::State::broken) {
    end_of_response();
  } else if (record_.error != RequestError::none) {
    finish(stamp.time);
  }
}

void StreamReader::on_eof(const ReadStamp& stamp) {
  TOKAMARK_ASSERT(active_);
  stamp_ = stamp;
  http_.feed_eof(*this);
  end_of_response();
}

void StreamReader::on_broken(std::string_view reason, const ReadStamp& stamp) {
  if (finished()) {
    on_eof(stamp);
  } else {
    give_up(RequestStatus::failed, RequestError::connection_closed, reason, stamp.time);
  }
}

void StreamReader::give_up(RequestStatus status, RequestError error, std::string_view message,
                           base::Nanos at) {
  TOKAMARK_ASSERT(active_);
  record_.status = status;
  record_.error = error;
  record_.error_message = std::string(message.substr(0, kMessageLimit));
  settle_token_counts();
  record_.ended = at;
  keep_alive_ = false;
  active_ = false;
}

record::RequestRecord StreamReader::take() {
  TOKAMARK_ASSERT(!active_);
  record_.chunks.shrink();
  return std::exchange(record_, record::RequestRecord());
}

void StreamReader::prefetch_targets() const {
  http_.prefetch();
  record_.chunks.prefetch();
}

void StreamReader::on_head(int status) { record_.http_status = status; }

void StreamReader::on_body(std::string_view bytes) {
  if (record_.http_status / 100 != 2) {
    const std::size_t room = kErrorBodyLimit - std::min(kErrorBodyLimit, body_text_.size());
    body_text_.append(bytes.substr(0, room));
    return;
  }
  if (body_ == Body::unseen) {
    // Blanks say nothing yet, and mean nothing to either kind.
    const std::size_t first = bytes.find_first_not_of(kBlanks);
    if (first != std::string_view::npos) {
      body_ = bytes[first] == '{' ? Body::one_json : Body::events;  // no event's line begins so
      if (body_ == Body::one_json) bytes.remove_prefix(first);
    }
  }
  if (body_ != Body::one_json) {
    sse_.feed(bytes, *this);
    if (sse_.broken()) fail(RequestError::bad_event, "an event is larger than 16 MiB");
    return;
  }
  body_text_.append(bytes);
  if (body_text_.size() > protocol::SseParser::kEventLimit) {
    fail(RequestError::bad_event, "the answer is larger than 16 MiB");
  }
}

void StreamReader::on_event(std::string_view data) {
  if (record_.error != RequestError::none) return;
  const protocol::StreamEvent& event = events_->parse(data);
  if (event.done) {
    done_seen_ = true;
    return;
  }
  if (event.malformed) {
    fail(RequestError::bad_event, "not a completion event: " + std::string(data.substr(0, 120)));
    return;
  }
  if (event.is_error) {
    fail(RequestError::error_event, event.error_message);
    return;
  }
  if (event.prompt_tokens >= 0) record_.input_tokens = event.prompt_tokens;
  if (event.cached_tokens >= 0) record_.cached_tokens = event.cached_tokens;
  if (!event.finish_reason.empty()) record_.finish_reason = event.finish_reason;

  // Against the highest count: a role event that comes late says 0 once more.
  const std::int64_t before = highest_count_;
  highest_count_ = std::max(highest_count_, event.completion_tokens);
  if (event.completion_tokens >= 0) usage_tokens_ = event.completion_tokens;
  if (counting_ == ChunkCounting::continuous_usage && event.completion_tokens >= 0) {
    // A chunk without text still is a token when the server counted one (an unfinished UTF-8
    // character); the final usage chunk has no choices and repeats the sum.
    if (event.has_choices && event.completion_tokens > before) {
      add_chunk(event.completion_tokens - before);
    }
  } else if (event.token_ids > 0) {
    add_chunk(event.token_ids);
  } else if (event.has_text) {
    add_chunk(1);
  }
}

void StreamReader::add_chunk(std::int64_t tokens) {
  record::Chunk chunk;
  chunk.time = stamp_.time;
  chunk.receive_delay = stamp_.receive_delay;
  chunk.tokens = static_cast<std::uint16_t>(std::clamp<std::int64_t>(tokens, 0, UINT16_MAX));
  if (stamp_.source == ReadStamp::Source::kernel) chunk.flags |= record::kKernelStamp;
  if (record_.chunks.empty()) record_.first_token = stamp_.time;
  record_.last_token = stamp_.time;
  // The kernel keeps only the newest stamp of merged packets: it is exact for the last event of a
  // read and an upper bound for those before it.
  if (std::exchange(chunk_in_read_, true)) record_.chunks.mark_last_shared();
  record_.chunks.push_back(chunk);
  tokens_seen_ += chunk.tokens;
}

bool StreamReader::finished() const { return done_seen_ || !record_.finish_reason.empty(); }

void StreamReader::end_of_response() {
  const bool clean = http_.state() == protocol::ResponseParser::State::done;
  keep_alive_ = clean && http_.keep_alive();
  // An answer that was not streamed is one chunk, which came with its last byte.
  // Bytes behind it do not undo it: they may as well have come in a read of their own.
  if (http_.whole() && body_ == Body::one_json) on_event(body_text_);
  if (record_.error == RequestError::none) {
    if (record_.bytes_received == 0) {
      fail(RequestError::connection_closed, http_.error());
    } else if (record_.http_status != 0 && record_.http_status / 100 != 2) {
      fail(RequestError::http_status, protocol::error_message_of_body(body_text_));
    } else if (record_.http_status == 0) {
      fail(RequestError::bad_http, http_.error());
    } else if (!finished()) {
      fail(RequestError::connection_closed,
           clean ? "the stream ended without a finish reason" : http_.error());
    } else if (record_.chunks.empty()) {
      fail(RequestError::no_tokens, "the answer has no token");
    }
  }
  finish(stamp_.time);
}

void StreamReader::fail(RequestError error, std::string_view message) {
  record_.error = error;
  record_.error_message = std::string(message.substr(0, kMessageLimit));
}

void StreamReader::settle_token_counts() {
  const auto chunks = static_cast<std::int64_t>(record_.chunks.size());
  if (usage_tokens_ < 0) {
    // Nobody counted: a request that was cut off keeps no count, a whole one counts its chunks.
    if (chunks > 0) {
      record_.output_tokens = static_cast<std::int64_t>(tokens_seen_);
      record_.output_tokens_source = record::TokenSource::chunks;
    }
    return;
  }
  record_.output_tokens = usage_tokens_;
  record_.output_tokens_source = counting_ == ChunkCounting::continuous_usage
                                     ? record::TokenSource::continuous_usage
                                     : record::TokenSource::usage;
  if (static_cast<std::int64_t>(tokens_seen_) != usage_tokens_) {
    // The chunks do not add up to the server's count, so no chunk's own count can be believed.
    record_.chunks.forget_tokens();
  }
}

void StreamReader::finish(base::Nanos at) {
  record_.status =
      record_.error == RequestError::none ? RequestStatus::succeeded : RequestStatus::failed;
  settle_token_counts();
  record_.ended = at;
  if (record_.status != RequestStatus::succeeded &&
      http_.state() != protocol::ResponseParser::State::done) {
    keep_alive_ = false;
  }
  active_ = false;
}

}  // namespace tokamark::load
