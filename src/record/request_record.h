#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "record/chunk_list.h"

namespace tokamark::record {

/// How a request ended.
enum class RequestStatus {
  succeeded,  ///< 2xx, a finish reason, no error event, clean end of stream
  failed,     ///< refused, broken, an error event, or an early end
  timed_out,  ///< one of the configured timeouts
  cut_off,    ///< still running when the trial ended; never inside the measured set
};

/// What went wrong, as a stable word for programs; `none` when nothing did.
enum class RequestError {
  none,
  connect_failed,
  connect_timeout,
  send_failed,
  first_byte_timeout,
  inter_chunk_timeout,
  total_timeout,
  http_status,        ///< a status other than 2xx
  bad_http,           ///< bytes that are not an HTTP/1.1 response
  bad_event,          ///< an event that is not the expected JSON
  error_event,        ///< the server reported an error inside a 200 stream
  connection_closed,  ///< the stream ended before a finish reason
  no_tokens,          ///< a clean end without a single token
};

/// Which part of the run a request belongs to, by its scheduled time.
enum class Phase { warmup, measured, tail };

/// Who said how many tokens there were (docs/METRICS.md, "Token counts").
enum class TokenSource {
  none,
  continuous_usage,  ///< the server counted in every chunk
  usage,             ///< the server's final count
  chunks,            ///< nobody counted: one token a chunk is assumed, and said so
};

/// Everything kept of one request. All times are nanoseconds after the trial's start on the
/// monotonic clock; -1 means "did not happen".
struct RequestRecord {
  std::uint64_t sequence = 0;        ///< position in the played order, laps included
  std::uint32_t schedule_index = 0;  ///< position in the schedule
  Phase phase = Phase::warmup;
  RequestStatus status = RequestStatus::failed;
  RequestError error = RequestError::none;
  int http_status = 0;

  base::Nanos scheduled{-1};    ///< when it was due
  base::Nanos sent{-1};         ///< first byte accepted by the kernel
  base::Nanos first_byte{-1};   ///< first byte of the response
  base::Nanos first_token{-1};  ///< first generated token; never a role-only event
  base::Nanos last_token{-1};
  base::Nanos ended{-1};  ///< end of the response, or of the attempt

  std::int64_t input_tokens = -1;  ///< -1 = the server did not say
  std::int64_t output_tokens = -1;
  std::int64_t cached_tokens = -1;
  TokenSource output_tokens_source = TokenSource::none;
  std::uint32_t requested_output_tokens = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t bytes_received = 0;
  std::uint16_t connections = 0;  ///< connections this request opened; 0 = reused one
  std::uint16_t resends = 0;      ///< sent again because a reused connection was closed unanswered

  ChunkList chunks;

  std::string category;
  std::string error_message;  ///< one line, from the server or the system
  std::string finish_reason;
};

/// The stable words used in files: "succeeded", "timed_out", "first_byte_timeout", ...
const char* to_word(RequestStatus status);
const char* to_word(RequestError error);
const char* to_word(Phase phase);
const char* to_word(TokenSource source);

/// The value behind a stable word, or nothing when no value has that word.
template <typename Value>
std::optional<Value> from_word(std::string_view word);
template <>
std::optional<RequestStatus> from_word(std::string_view word);
template <>
std::optional<RequestError> from_word(std::string_view word);
template <>
std::optional<Phase> from_word(std::string_view word);
template <>
std::optional<TokenSource> from_word(std::string_view word);

}  // namespace tokamark::record
