#include <array>

#include "base/assert.h"
#include "record/request_record.h"
#include "record/result.h"

namespace tokamark::record {
namespace {

template <typename Value>
struct Entry {
  Value value;
  const char* word;
};

constexpr std::array kStatuses{
    Entry<RequestStatus>{RequestStatus::succeeded, "succeeded"},
    Entry<RequestStatus>{RequestStatus::failed, "failed"},
    Entry<RequestStatus>{RequestStatus::timed_out, "timed_out"},
    Entry<RequestStatus>{RequestStatus::cut_off, "cut_off"},
};

constexpr std::array kErrors{
    Entry<RequestError>{RequestError::none, "none"},
    Entry<RequestError>{RequestError::connect_failed, "connect_failed"},
    Entry<RequestError>{RequestError::connect_timeout, "connect_timeout"},
    Entry<RequestError>{RequestError::send_failed, "send_failed"},
    Entry<RequestError>{RequestError::first_byte_timeout, "first_byte_timeout"},
    Entry<RequestError>{RequestError::inter_chunk_timeout, "inter_chunk_timeout"},
    Entry<RequestError>{RequestError::total_timeout, "total_timeout"},
    Entry<RequestError>{RequestError::http_status, "http_status"},
    Entry<RequestError>{RequestError::bad_http, "bad_http"},
    Entry<RequestError>{RequestError::bad_event, "bad_event"},
    Entry<RequestError>{RequestError::error_event, "error_event"},
    Entry<RequestError>{RequestError::connection_closed, "connection_closed"},
    Entry<RequestError>{RequestError::no_tokens, "no_tokens"},
};

constexpr std::array kPhases{
    Entry<Phase>{Phase::warmup, "warmup"},
    Entry<Phase>{Phase::measured, "measured"},
    Entry<Phase>{Phase::tail, "tail"},
};

constexpr std::array kTokenSources{
    Entry<TokenSource>{TokenSource::none, "none"},
    Entry<TokenSource>{TokenSource::continuous_usage, "continuous_usage"},
    Entry<TokenSource>{TokenSource::usage, "usage"},
    Entry<TokenSource>{TokenSource::chunks, "chunks"},
};

constexpr std::array kVerdicts{
    Entry<Verdict>{Verdict::valid, "valid"},
    Entry<Verdict>{Verdict::invalid, "invalid"},
    Entry<Verdict>{Verdict::incomplete, "incomplete"},
};

template <typename Value, std::size_t kSize>
const char* find_word(const std::array<Entry<Value>, kSize>& table, Value value) {
  for (const auto& entry : table) {
    if (entry.value == value) {
      return entry.word;
    }
  }
  base::assertion_failed("a value of the enumeration has a word", __FILE__, __LINE__);
}

template <typename Value, std::size_t kSize>
std::optional<Value> find_value(const std::array<Entry<Value>, kSize>& table,
                                std::string_view word) {
  for (const auto& entry : table) {
    if (word == entry.word) {
      return entry.value;
    }
  }
  return std::nullopt;
}

}  // namespace

const char* to_word(RequestStatus status) { return find_word(kStatuses, status); }
const char* to_word(RequestError error) { return find_word(kErrors, error); }
const char* to_word(Phase phase) { return find_word(kPhases, phase); }
const char* to_word(TokenSource source) { return find_word(kTokenSources, source); }
const char* to_word(Verdict verdict) { return find_word(kVerdicts, verdict); }

template <>
std::optional<RequestStatus> from_word(std::string_view word) {
  return find_value(kStatuses, word);
}
template <>
std::optional<RequestError> from_word(std::string_view word) {
  return find_value(kErrors, word);
}
template <>
std::optional<Phase> from_word(std::string_view word) {
  return find_value(kPhases, word);
}
template <>
std::optional<TokenSource> from_word(std::string_view word) {
  return find_value(kTokenSources, word);
}
template <>
std::optional<Verdict> from_word(std::string_view word) {
  return find_value(kVerdicts, word);
}

}  // namespace tokamark::record
