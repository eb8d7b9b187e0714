#include "record/chunk_list.h"

namespace tokamark::record {

namespace {

/// Bits of a chunk's head: the flags that chunks have, the signs, "more flags follow", and above
/// them the tokens.
constexpr unsigned kFlags = 3, kEarlier = 4, kNegativeDelay = 8, kMoreFlags = 16, kTokensShift = 5;
constexpr std::size_t kUsualSize = 8;

/// Longest chunk: four numbers of at most 64 bits.
constexpr std::size_t kMostBytes = 40;

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

}  // namespace

ChunkList::ChunkList(std::initializer_list<Chunk> chunks)
    : ChunkList(std::span(chunks.begin(), chunks.size())) {}

ChunkList::ChunkList(std::span<const Chunk> chunks) {
  reserve(chunks.size());
  for (const Chunk& chunk : chunks) push_back(chunk);
}

void ChunkList::reserve(std::size_t chunks) { bytes_.reserve(chunks * kUsualSize); }

void ChunkList::push_back(const Chunk& chunk) {
  const bool earlier = chunk.time < last_time_;
  const bool negative = chunk.receive_delay.count() < 0;
  const std::uint64_t step = bits(chunk.time) - bits(last_time_);
  const std::uint64_t delay = bits(chunk.receive_delay);
  std::uint64_t head = std::uint64_t{chunk.tokens} << kTokensShift | (chunk.flags & kFlags);
  if (earlier) head |= kEarlier;
  if (negative) head |= kNegativeDelay;
  if (chunk.flags > kFlags) head |= kMoreFlags;
  std::uint8_t text[kMostBytes];
  std::uint8_t* end = put(text, head);
  if (chunk.flags > kFlags) end = put(end, chunk.flags >> 2U);
  end = put(end, earlier ? 0 - step : step);
  end = put(end, negative ? 0 - delay : delay);
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
  const std::uint64_t head = take(next_);
  chunk_.flags = head & kFlags;
  if ((head & kMoreFlags) != 0) {
    chunk_.flags = static_cast<std::uint16_t>(chunk_.flags | take(next_) << 2U);
  }
  chunk_.tokens = tokens_known_ ? static_cast<std::uint16_t>(head >> kTokensShift) : 0;
  const std::uint64_t step = take(next_);
  chunk_.time = nanos(bits(chunk_.time) + ((head & kEarlier) != 0 ? 0 - step : step));
  const std::uint64_t delay = take(next_);
  chunk_.receive_delay = nanos((head & kNegativeDelay) != 0 ? 0 - delay : delay);
}

}  // namespace tokamark::record
