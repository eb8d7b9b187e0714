#include "record/chunk_list.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace tokamark::record {

namespace {

/// A chunk's head. In the short form: the flags that chunks have, how many bytes the step and the
/// delay take, and the tokens. In the long form, which the tokens' largest value says, the signs
/// stand in place of the lengths, and the numbers follow at whatever length they need.
constexpr unsigned kFlags = 3;
constexpr unsigned kStepShift = 2, kLeastStep = 2, kMostStep = 5;
constexpr unsigned kDelayShift = 4, kLeastDelay = 1, kMostDelay = 4;
constexpr unsigned kTokensShift = 6, kLongForm = 3;
constexpr unsigned kEarlier = 4, kNegativeDelay = 8;
constexpr std::size_t kUsualSize = 8;

/// Longest chunk: a head and four numbers of at most ten bytes.
constexpr std::size_t kMostBytes = 48;

/// Bytes that a number needs, at least `least`.
unsigned length_of(std::uint64_t value, unsigned least) {
  return std::max(least, (static_cast<unsigned>(std::bit_width(value)) + 7) / 8);
}

/// The lowest `count` bytes of a number, lowest first; writes all eight. Returns their end.
std::uint8_t* put_bytes(std::uint8_t* at, std::uint64_t value, unsigned count) {
  if constexpr (std::endian::native == std::endian::big) value = __builtin_bswap64(value);
  std::memcpy(at, &value, sizeof value);
  return at + count;
}

std::uint64_t take_bytes(const std::uint8_t*& at, unsigned count) {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < count; ++i) value |= std::uint64_t{*at++} << (8 * i);
  return value;
}

/// A number, seven bits a byte, lowest first; the top bit says that more follow. Returns its end.
std::uint8_t* put(std::uint8_t* at, std::uint64_t value) {
  while (value >= 0x80) {
    *at++ = static_cast<std::uint8_t>(value | 0x80);
    value >>= 7U;
  }
  *at++ = static_cast<std::uint8_t>(value);
  return at;
}

std::uint64_t take(const std::uint8_t*& at) {
  std::uint64_t value = 0;
  for (unsigned shift = 0;; shift += 7) {
    const std::uint64_t byte = *at++;
    value |= (byte & 0x7FU) << shift;
    if (byte < 0x80) return value;
  }
}

/// Unsigned, so that no difference of two times is too large.
std::uint64_t bits(base::Nanos time) { return static_cast<std::uint64_t>(time.count()); }
base::Nanos nanos(std::uint64_t value) { return base::Nanos(static_cast<std::int64_t>(value)); }

/// For what the short form has no room for. Signs are kept apart, so that any difference fits.
std::uint8_t* pack_long(std::uint8_t* at, const Chunk& chunk, base::Nanos before) {
  const bool earlier = chunk.time < before;
  const bool negative = chunk.receive_delay.count() < 0;
  const std::uint64_t step = bits(chunk.time) - bits(before);
  const std::uint64_t delay = bits(chunk.receive_delay);
  unsigned head = kLongForm << kTokensShift | (chunk.flags & kFlags);
  if (earlier) head |= kEarlier;
  if (negative) head |= kNegativeDelay;
  *at++ = static_cast<std::uint8_t>(head);
  at = put(at, chunk.tokens);
  at = put(at, chunk.flags >> 2U);
  at = put(at, earlier ? 0 - step : step);
  return put(at, negative ? 0 - delay : delay);
}

std::uint8_t* pack(std::uint8_t* at, const Chunk& chunk, base::Nanos before) {
  // Negative numbers are large ones here, so they are too long.
  const std::uint64_t step = bits(chunk.time) - bits(before);
  const std::uint64_t delay = bits(chunk.receive_delay);
  const unsigned step_length = length_of(step, kLeastStep);
  const unsigned delay_length = length_of(delay, kLeastDelay);
  if (chunk.tokens >= kLongForm || chunk.flags > kFlags || step_length > kMostStep ||
      delay_length > kMostDelay) {
    return pack_long(at, chunk, before);
  }
  *at++ = static_cast<std::uint8_t>(chunk.tokens << kTokensShift | chunk.flags |
                                    (step_length - kLeastStep) << kStepShift |
                                    (delay_length - kLeastDelay) << kDelayShift);
  at = put_bytes(at, step, step_length);
  return put_bytes(at, delay, delay_length);
}

}  // namespace

ChunkList::ChunkList(std::initializer_list<Chunk> chunks)
    : ChunkList(std::span(chunks.begin(), chunks.size())) {}

ChunkList::ChunkList(std::span<const Chunk> chunks) {
  reserve(chunks.size());
  for (const Chunk& chunk : chunks) push_back(chunk);
}

void ChunkList::reserve(std::size_t chunks) { bytes_.reserve(chunks * kUsualSize); }

void ChunkList::push_back(const Chunk& chunk) {
  std::uint8_t text[kMostBytes];
  std::uint8_t* const end = pack(text, chunk, last_time_);
  last_ = bytes_.size();
  // In smaller steps than a vector's doubling: thousands of lists grow at the same time.
  const std::size_t size = last_ + static_cast<std::size_t>(end - text);
  if (size > bytes_.capacity()) bytes_.reserve(size + size / 8 + kMostBytes);
  bytes_.insert(bytes_.end(), text, end);
  last_time_ = chunk.time;
  ++size_;
}

void ChunkList::shrink() { bytes_.shrink_to_fit(); }

Chunk ChunkList::front() const { return *begin(); }

std::vector<Chunk> ChunkList::unpacked() const {
  std::vector<Chunk> chunks;
  chunks.reserve(size_);
  for (const Chunk& chunk : *this) chunks.push_back(chunk);
  return chunks;
}

ChunkList::Iterator::Iterator(std::span<const std::uint8_t> bytes, bool tokens_known)
    : at_(bytes.data()),
      next_(bytes.data()),
      end_(bytes.data() + bytes.size()),
      tokens_known_(tokens_known) {
  read();
}

ChunkList::Iterator& ChunkList::Iterator::operator++() {
  at_ = next_;
  read();
  return *this;
}

ChunkList::Iterator ChunkList::Iterator::operator++(int) {
  Iterator before = *this;
  ++*this;
  return before;
}

void ChunkList::Iterator::read() {
  if (at_ == end_) return;
  const unsigned head = *next_++;
  std::uint64_t tokens = head >> kTokensShift;
  std::uint64_t flags = head & kFlags;
  std::uint64_t step = 0, delay = 0;
  if (tokens == kLongForm) {
    tokens = take(next_);
    flags |= take(next_) << 2U;
    step = take(next_);
    delay = take(next_);
    if ((head & kEarlier) != 0) step = 0 - step;
    if ((head & kNegativeDelay) != 0) delay = 0 - delay;
  } else {
    step = take_bytes(next_, kLeastStep + (head >> kStepShift & 3U));
    delay = take_bytes(next_, kLeastDelay + (head >> kDelayShift & 3U));
  }
  chunk_.flags = static_cast<std::uint16_t>(flags);
  chunk_.tokens = tokens_known_ ? static_cast<std::uint16_t>(tokens) : 0;
  chunk_.time = nanos(bits(chunk_.time) + step);
  chunk_.receive_delay = nanos(delay);
}

}  // namespace tokamark::record
