#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <span>
#include <vector>

#include "base/clock.h"

namespace tokamark::record {

/// Bits of Chunk::flags.
enum ChunkFlag : std::uint16_t {
  kKernelStamp = 1,  ///< `time` is the kernel's receive stamp, else the process's
  kSharedRead = 2,   ///< the read held more than one event: `time` is an upper bound
};

/// One token-carrying event of a stream.
struct Chunk {
  base::Nanos time{0};           ///< after the trial's start, from the best stamp there is
  base::Nanos receive_delay{0};  ///< process stamp minus kernel stamp; 0 without a kernel stamp
  std::uint16_t tokens = 0;      ///< tokens in this event; 0 = not known
  std::uint16_t flags = 0;
};

/// The chunks of a request in order, without loss, in 5 to 8 bytes each where a plain Chunk has 24:
/// a head byte, the nanoseconds since the chunk before, and the delay, each as long as its value
/// needs. More than two tokens, or more than 18 minutes between chunks, take some bytes more. A
/// million-token trial is kept in memory whole, so this is what it weighs. Read from the front;
/// never changed in the middle. Not thread-safe while it grows.
class ChunkList {
 public:
  class Iterator;

  ChunkList() = default;
  ChunkList(std::initializer_list<Chunk> chunks);
  explicit ChunkList(std::span<const Chunk> chunks);

  /// Asks for the memory of so many chunks at the usual size.
  void reserve(std::size_t chunks);
  void push_back(const Chunk& chunk);
  /// Adds kSharedRead to the newest chunk; the list must not be empty.
  void mark_last_shared() { bytes_[last_] |= kSharedRead; }
  /// From now on every chunk says that its tokens are not known.
  void forget_tokens() { tokens_known_ = false; }
  /// Gives back memory that was reserved and not needed.
  void shrink();
  void clear() { *this = ChunkList(); }

  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::size_t size() const { return size_; }
  /// Bytes of memory behind the list.
  [[nodiscard]] std::size_t bytes() const { return bytes_.capacity(); }
  [[nodiscard]] Iterator begin() const;
  [[nodiscard]] Iterator end() const;
  [[nodiscard]] Chunk front() const;
  [[nodiscard]] std::vector<Chunk> unpacked() const;
  /// Asks for the memory that the next push_back writes to.
  void prefetch() const { __builtin_prefetch(bytes_.data() + bytes_.size(), 1); }

 private:
  std::vector<std::uint8_t> bytes_;
  std::size_t size_ = 0;
  std::size_t last_ = 0;  ///< where the newest chunk begins
  base::Nanos last_time_{0};
  bool tokens_known_ = true;
};

/// Reads a list once; valid until the list changes.
class ChunkList::Iterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = Chunk;
  using difference_type = std::ptrdiff_t;
  using pointer = const Chunk*;
  using reference = const Chunk&;

  Iterator(std::span<const std::uint8_t> bytes, bool tokens_known);
  reference operator*() const { return chunk_; }
  pointer operator->() const { return &chunk_; }
  Iterator& operator++();
  Iterator operator++(int);
  /// Iterators of one list are compared.
  bool operator==(const Iterator& other) const { return at_ == other.at_; }

 private:
  void read();

  const std::uint8_t* at_;    ///< the present chunk
  const std::uint8_t* next_;  ///< the one after it
  const std::uint8_t* end_;
  bool tokens_known_;
  Chunk chunk_;
};

inline ChunkList::Iterator ChunkList::begin() const { return {bytes_, tokens_known_}; }
inline ChunkList::Iterator ChunkList::end() const {
  return {std::span(bytes_).subspan(bytes_.size()), tokens_known_};
}

}  // namespace tokamark::record
