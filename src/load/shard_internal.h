#pragma once

#include <algorithm>
#include <string>

#include "load/shard.h"

namespace tokamark::load {

/// Longest sleep of a load thread, and shortest pause between two looks at timeouts.
inline constexpr std::chrono::milliseconds kLongestWait{20};

/// Most bytes that a load thread asks of a socket at a time.
inline constexpr std::size_t kReadSize = 64 * 1024;

/// One stream: a connection and the request that is on it.
struct Shard::Slot {
  Slot(protocol::StreamEventParser& events, std::uint32_t number) : index(number), reader(events) {}

  /// Asks for the memory that a read is going to need: with thousands of streams it is in no near
  /// cache. First the stream itself, some reads ahead; then what it points to, and so on.
  void prefetch() const;
  void prefetch_session() const { connection.prefetch_session(); }
  void prefetch_targets() const {
    connection.prefetch_targets();
    reader.prefetch_targets();
  }

  // In order of use: what every read needs comes first.
  SlotState state = SlotState::idle;
  bool answered = false;   ///< the connection has carried a whole answer
  bool reused = false;     ///< the request went out on such a connection
  bool receiving = false;  ///< the ring receives for it
  std::uint32_t index;     ///< its place in the list of slots
  /// Of this slot: what comes late for another connection is not its own.
  std::uint32_t connection_number = 0;
  base::Nanos last_activity{0};
  net::Connection connection;
  StreamReader reader;
  record::RequestRecord pending;  ///< until the first byte is sent
  std::string request;
  std::size_t sent = 0;
  base::Nanos connect_started{0};
};

/// Calls `handle(i)` for 0 to count - 1, asking ahead for the memory of the streams `slot_at(i)`.
template <typename SlotAt, typename Handle>
void Shard::each_ahead(std::size_t count, SlotAt slot_at, Handle handle) {
  constexpr std::size_t kAhead = 4;
  for (std::size_t i = 0; i < std::min(kAhead, count); ++i) slot_at(i).prefetch();
  for (std::size_t i = 0; i < count; ++i) {
    if (i + kAhead < count) slot_at(i + kAhead).prefetch();
    if (i + 2 < count) slot_at(i + 2).prefetch_session();
    if (i + 1 < count) slot_at(i + 1).prefetch_targets();
    handle(i);
  }
  show_tokens();
}

}  // namespace tokamark::load
